/* net/cut_int.h: cutting products into pieces. */
#ifndef TW_NET_CUT_INT_H
#define TW_NET_CUT_INT_H

static inline int tw_least(int a, int b)
{
	return a < b ? a : b;
}

static inline int tw_most(int a, int b)
{
	return a > b ? a : b;
}

/* How many pieces n is, the last of which may be smaller. */
static inline int tw_pieces(int n, int piece)
{
	return (n + piece - 1) / piece;
}

/* n, and what the last piece lacks. */
static inline int tw_whole(int n, int piece)
{
	return tw_pieces(n, piece) * piece;
}

/* Length of each of as few equal pieces as are needed for pieces of at most `most`. */
static inline int tw_even(int n, int most)
{
	return tw_pieces(n, tw_pieces(n, most));
}

#endif
