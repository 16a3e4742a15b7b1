#include "support/openai_peer.h"

#include <arpa/inet.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/json.h"

#define MODEL "peer-1"

struct openai_peer {
	int fd, port;
	char url[64];
	pthread_t thread;
	atomic_int requests;
	atomic_bool ending;
	peer_script_fn script;
	void *ctx;
};

void peer_send(int connection, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = send(connection, bytes, len, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		bytes += n;
		len -= (size_t)n;
	}
}

void peer_sends(int connection, const char *text)
{
	peer_send(connection, text, strlen(text));
}

static void send_json(int c, int status, const struct tw_str *json)
{
	char head[160];
	snprintf(head, sizeof(head),
		 "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
		 "Connection: close\r\n\r\n",
		 status, json->len);
	peer_sends(c, head);
	peer_send(c, json->data, json->len);
}

static void send_error(int c, int status, const char *message)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	tw_jw_object(&w, "error");
	tw_jw_str(&w, "message", message);
	tw_jw_str(&w, "type", "invalid_request_error");
	tw_jw_end(&w);
	tw_jw_end(&w);
	send_json(c, status, &s);
	tw_str_release(&s);
}

static void send_models(int c)
{
	struct tw_str s = TW_STR_INIT;
	static int calls; /* `created` changes with each answer, as llama-server's does */
	tw_str_addf(&s,
		    "{\"object\":\"list\",\"data\":[{\"id\":\"other\",\"object\":\"model\"},"
		    "{\"id\":\"" MODEL
		    "\",\"object\":\"model\",\"created\":%d,\"owned_by\":\"tests\","
		    "\"max_model_len\":2048}]}",
		    1700000000 + calls++);
	send_json(c, 200, &s);
	tw_str_release(&s);
}

/* --- the model --- */

/* Words of everything that was said; the emoji makes pieces of several bytes. */
static void gather_words(struct tw_str *text, const struct tw_json *root)
{
	const struct tw_json *m = tw_json_get(root, "messages");
	tw_str_adds(text, tw_json_str(tw_json_get(root, "prompt"), ""));
	for (const struct tw_json *e = m ? m->child : NULL; e; e = e->next)
		tw_str_addf(text, " %s", tw_json_str(tw_json_get(e, "content"), ""));
	tw_str_adds(text, " and so on \xf0\x9f\x98\x80");
}

static char *next_word(char *text, uint64_t *random, double temperature, int i)
{
	char *words[512], *save = NULL;
	size_t n = 0;
	for (char *w = strtok_r(text, " \n", &save); w && n < 512; w = strtok_r(NULL, " \n", &save))
		words[n++] = w;
	size_t k = temperature > 0 ? (size_t)(tw_random_unit(random) * (double)n) : (size_t)i % n;
	return words[k];
}

static bool hits_stop(const struct tw_json *stop, const char *word)
{
	for (const struct tw_json *s = stop ? stop->child : NULL; s; s = s->next)
		if (strstr(word, s->s))
			return true;
	return false;
}

struct answer {
	int c;
	bool chat, stream;
	struct tw_str text;
};

static void add_word(struct answer *a, const char *word)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_str_adds(&a->text, word);
	if (!a->stream)
		return;
	tw_str_adds(&s, "data: ");
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	tw_jw_array(&w, "choices");
	tw_jw_object(&w, NULL);
	tw_jw_int(&w, "index", 0);
	if (a->chat)
		tw_jw_object(&w, "delta");
	tw_jw_str(&w, a->chat ? "content" : "text", word);
	if (a->chat)
		tw_jw_end(&w);
	tw_jw_null(&w, "finish_reason");
	tw_jw_end(&w);
	tw_jw_end(&w);
	tw_jw_end(&w);
	tw_str_adds(&s, "\n\n");
	peer_send(a->c, s.data, s.len);
	tw_str_release(&s);
}

static void end_answer(struct answer *a, const char *finish, int prompt_tokens, int n)
{
	struct tw_str s = TW_STR_INIT;
	if (a->stream) {
		tw_str_addf(&s,
			    "data: {\"choices\":[{\"index\":0,\"%s,\"finish_reason\":\"%s\"}]}\n\n"
			    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":%d,"
			    "\"completion_tokens\":%d}}\n\ndata: [DONE]\n\n",
			    a->chat ? "delta\":{}" : "text\":\"\"", finish, prompt_tokens, n);
		peer_send(a->c, s.data, s.len);
	}
	tw_str_release(&s);
	tw_str_release(&a->text);
}

static void complete(int c, const struct tw_json *root, bool chat)
{
	struct answer a = {.c = c, .chat = chat, .stream = true};
	struct tw_str words = TW_STR_INIT;
	double temperature = tw_json_real(tw_json_get(root, "temperature"), 1);
	int64_t most = tw_json_int(tw_json_get(root, "max_tokens"), 16);
	uint64_t random = (uint64_t)tw_json_int(tw_json_get(root, "seed"), 1) + 77;
	const char *finish = "length";
	int i = 0;
	peer_sends(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
		      "Connection: close\r\n\r\n: hello\n\n");
	gather_words(&words, root);
	int prompt_tokens = (int)(words.len / 4) + 1;
	for (; i < most; i++) {
		char *copy = strdup(words.data), *word = next_word(copy, &random, temperature, i);
		struct tw_str piece = TW_STR_INIT;
		tw_str_addf(&piece, "%s%s", i ? " " : "", word);
		bool stop = hits_stop(tw_json_get(root, "stop"), word);
		if (!stop)
			add_word(&a, piece.data);
		tw_str_release(&piece);
		free(copy);
		if (stop) {
			finish = "stop";
			break;
		}
	}
	end_answer(&a, finish, prompt_tokens, i);
	tw_str_release(&words);
}

static void embed_words(float v[PEER_DIM], const char *text, size_t len)
{
	memset(v, 0, PEER_DIM * sizeof(*v));
	v[0] = 0.01f;
	for (size_t i = 0; i < len;) {
		size_t n = strcspn(text + i, " \n");
		n = n < len - i ? n : len - i;
		uint64_t h = tw_hash64(text + i, n, 1);
		if (n)
			v[h % PEER_DIM] += h & 64 ? 1.0f : -1.0f;
		i += n + 1;
	}
}

static void embeddings(int c, const struct tw_json *root)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	const struct tw_json *in = tw_json_get(root, "input");
	size_t n = in ? in->n : 0;
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	tw_jw_array(&w, "data");
	/* Backwards: a client has to look at the numbers. */
	for (size_t k = n; k-- > 0;) {
		const struct tw_json *e = in->child;
		float v[PEER_DIM];
		for (size_t i = 0; i < k; i++)
			e = e->next;
		embed_words(v, e->s, e->len);
		tw_jw_object(&w, NULL);
		tw_jw_int(&w, "index", (int64_t)k);
		tw_jw_array(&w, "embedding");
		for (int i = 0; i < PEER_DIM; i++)
			tw_jw_real(&w, NULL, v[i]);
		tw_jw_end(&w);
		tw_jw_end(&w);
	}
	tw_jw_end(&w);
	tw_jw_end(&w);
	send_json(c, 200, &s);
	tw_str_release(&s);
}

static void answer(int c, const struct peer_request *r)
{
	struct tw_json *root = NULL;
	struct tw_arena a;
	tw_arena_init(&a);
	if (strcmp(r->path, "/v1/models") == 0)
		send_models(c);
	else if (tw_json_parse(&root, r->body, strlen(r->body), &a, NULL) != TW_OK)
		send_error(c, 400, "no JSON");
	else if (strcmp(tw_json_str(tw_json_get(root, "model"), ""), MODEL) != 0)
		send_error(c, 404, "no such model");
	else if (strcmp(r->path, "/v1/chat/completions") == 0)
		complete(c, root, true);
	else if (strcmp(r->path, "/v1/completions") == 0)
		complete(c, root, false);
	else if (strcmp(r->path, "/v1/embeddings") == 0)
		embeddings(c, root);
	else
		send_error(c, 404, "no such path");
	tw_arena_release(&a);
}

/* --- connections --- */

static bool read_request(struct tw_str *in, int c)
{
	char buf[8192];
	for (;;) {
		const char *end = in->len ? strstr(in->data, "\r\n\r\n") : NULL;
		if (end) {
			const char *cl = strcasestr(in->data, "Content-Length:");
			size_t body = cl && cl < end ? (size_t)atol(cl + 15) : 0;
			if (in->len >= (size_t)(end - in->data) + 4 + body)
				return true;
		}
		ssize_t n = recv(c, buf, sizeof(buf), 0);
		if (n <= 0)
			return false;
		tw_str_add(in, buf, (size_t)n);
	}
}

static void serve(struct openai_peer *p, int c)
{
	struct tw_str in = TW_STR_INIT;
	if (read_request(&in, c)) {
		char *save = NULL, *body = strstr(in.data, "\r\n\r\n"), *headers;
		struct peer_request r;
		*body = '\0';
		headers = strstr(in.data, "\r\n");
		r.body = body + 4;
		r.headers = headers ? headers : "";
		r.method = strtok_r(in.data, " ", &save);
		r.path = strtok_r(NULL, " ", &save);
		atomic_fetch_add(&p->requests, 1);
		if (!p->script || !p->script(p->ctx, c, &r))
			answer(c, &r);
	}
	tw_str_release(&in);
	shutdown(c, SHUT_WR);
	char drain[256];
	while (recv(c, drain, sizeof(drain), 0) > 0)
		;
	close(c);
}

static void *run(void *arg)
{
	struct openai_peer *p = arg;
	for (;;) {
		int c = accept(p->fd, NULL, NULL), one = 1;
		struct timeval tv = {.tv_sec = 2};
		if (atomic_load(&p->ending) || c < 0) {
			if (c >= 0)
				close(c);
			return NULL;
		}
		setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		setsockopt(c, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
		serve(p, c);
	}
}

struct openai_peer *openai_peer_new(peer_script_fn script, void *ctx)
{
	struct openai_peer *p = calloc(1, sizeof(*p));
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	p->script = script;
	p->ctx = ctx;
	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(p->fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(p->fd, 16) < 0 ||
	    getsockname(p->fd, (struct sockaddr *)&a, &n) < 0)
		abort();
	p->port = ntohs(a.sin_port);
	snprintf(p->url, sizeof(p->url), "http://127.0.0.1:%d/v1", p->port);
	pthread_create(&p->thread, NULL, run, p);
	return p;
}

void openai_peer_free(struct openai_peer *p)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((uint16_t)p->port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int c = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	atomic_store(&p->ending, true);
	(void)!connect(c, (struct sockaddr *)&a, sizeof(a));
	pthread_join(p->thread, NULL);
	close(c);
	close(p->fd);
	free(p);
}

const char *openai_peer_url(const struct openai_peer *p)
{
	return p->url;
}

int openai_peer_requests(const struct openai_peer *p)
{
	return atomic_load(&p->requests);
}
