/*
 * Which addresses a fetch may connect to. The lists follow the IANA special
 * purpose registries (RFC 6890 and its updates).
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "base/base_int.h"

struct range4 {
	uint32_t net;
	int bits;
	bool is_private; /* allow_private lets it pass */
	const char *what;
};

#define NET(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

static const struct range4 ranges4[] = {
	{NET(0, 0, 0, 0), 32, true, "the unspecified address"}, /* connects to this machine */
	{NET(0, 0, 0, 0), 8, false, "an address of \"this network\""},
	{NET(10, 0, 0, 0), 8, true, "a private address"},
	{NET(100, 64, 0, 0), 10, true, "a carrier's private address"},
	{NET(127, 0, 0, 0), 8, true, "a loopback address"},
	{NET(169, 254, 0, 0), 16, false, "a link-local address"},
	{NET(172, 16, 0, 0), 12, true, "a private address"},
	{NET(192, 0, 0, 0), 24, false, "a reserved address"},
	{NET(192, 0, 2, 0), 24, false, "a documentation address"},
	{NET(192, 88, 99, 0), 24, false, "a 6to4 relay address"},
	{NET(192, 168, 0, 0), 16, true, "a private address"},
	{NET(198, 18, 0, 0), 15, false, "a benchmarking address"},
	{NET(198, 51, 100, 0), 24, false, "a documentation address"},
	{NET(203, 0, 113, 0), 24, false, "a documentation address"},
	{NET(224, 0, 0, 0), 4, false, "a multicast address"},
	{NET(240, 0, 0, 0), 4, false, "a reserved address"},
};

static const char *refused4(uint32_t addr, bool allow_private)
{
	for (size_t i = 0; i < sizeof(ranges4) / sizeof(ranges4[0]); i++) {
		const struct range4 *r = &ranges4[i];

		if (((addr ^ r->net) >> (32 - r->bits)) == 0)
			return allow_private && r->is_private ? NULL : r->what;
	}
	return NULL;
}

static bool has_prefix(const uint8_t *addr, const uint8_t *prefix, int bits)
{
	int bytes = bits / 8, rest = bits % 8;

	return memcmp(addr, prefix, (size_t)bytes) == 0 &&
	       (!rest || ((addr[bytes] ^ prefix[bytes]) >> (8 - rest)) == 0);
}

static const struct range6 {
	uint8_t net[16];
	int bits;
	bool is_private;
	const char *what;
} ranges6[] = {
	{{[15] = 1}, 128, true, "the loopback address"},
	{{0xfc}, 7, true, "a private address"},
	{{0xfe, 0x80}, 10, false, "a link-local address"},
	{{0xff}, 8, false, "a multicast address"},
	{{0x20, 0x01, 0x0d, 0xb8}, 32, false, "a documentation address"},
	{{0x20, 0x01, 0x00, 0x00}, 32, false, "a Teredo address"},
	{{0x20, 0x01}, 23, false, "a reserved address"},
	{{0x20, 0x02}, 16, false, "a 6to4 address"},
	{{0x3f, 0xff}, 20, false, "a documentation address"},
};

static const char *refused6(const uint8_t *a, bool allow_private)
{
	static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff};
	static const uint8_t nat64[16] = {0x00, 0x64, 0xff, 0x9b};
	static const uint8_t global[16] = {0x20};
	uint32_t inner = NET(a[12], a[13], a[14], a[15]);

	/* A real host never answers from a mapped address; on a client it is a way around. */
	if (has_prefix(a, mapped, 96))
		return allow_private ? refused4(inner, true) : "a mapped address";
	/* How IPv6-only networks reach IPv4: as good as the address inside. */
	if (has_prefix(a, nat64, 96))
		return refused4(inner, allow_private);
	for (size_t i = 0; i < sizeof(ranges6) / sizeof(ranges6[0]); i++) {
		const struct range6 *r = &ranges6[i];

		if (has_prefix(a, r->net, r->bits))
			return allow_private && r->is_private ? NULL : r->what;
	}
	return has_prefix(a, global, 3) ? NULL : "not a global address";
}

const char *tw_addr_refused(const struct sockaddr *addr, bool allow_private)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	switch (addr->sa_family) {
	case AF_INET:
		memcpy(&in, addr, sizeof(in));
		return refused4(ntohl(in.sin_addr.s_addr), allow_private);
	case AF_INET6:
		memcpy(&in6, addr, sizeof(in6));
		return refused6(in6.sin6_addr.s6_addr, allow_private);
	default:
		return "neither IPv4 nor IPv6";
	}
}
