#include "mutate_msgpack.h"

#include <string.h>

#define TOKENS 2048
#define DEPTH 4

/* The head of an array, or an integer. */
struct token {
	size_t at, end; /* of its own bytes */
	int parent;	/* index of the enclosing array; -1: none */
	bool array;
	uint64_t v; /* the integer, or the number of elements */
};

struct tokens {
	struct token at[TOKENS];
	int n;
};

static uint64_t big_endian(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

/* Reads the token at t->at; false: it is neither an array nor an integer. */
static bool read_token(struct token *t, const struct drive_input *in)
{
	const uint8_t *p = (const uint8_t *)in->p + t->at;
	size_t left = in->n - t->at, bytes;

	if (left == 0)
		return false;
	t->array = (*p & 0xf0) == 0x90 || *p == 0xdc || *p == 0xdd;
	t->v = t->array ? *p & 15 : (uint64_t)(int8_t)*p;
	t->end = t->at + 1;
	if ((*p & 0xf0) == 0x90 || *p < 0x80 || *p >= 0xe0)
		return true;
	if (!t->array && (*p < 0xcc || *p > 0xd3))
		return false;
	bytes = t->array ? (*p == 0xdc ? 2 : 4) : (size_t)1 << (*p & 3);
	if (left < 1 + bytes)
		return false;
	t->v = big_endian(p + 1, bytes);
	if (*p >= 0xd0 && *p <= 0xd3 && bytes < 8 && t->v >> (8 * bytes - 1)) /* below 0 */
		t->v -= (uint64_t)1 << (8 * bytes);
	t->end += bytes;
	return true;
}

static void read_tokens(struct tokens *t, const struct drive_input *in)
{
	uint64_t left[DEPTH] = {0};
	int open[DEPTH] = {0}, depth = 0;
	size_t at = 0;

	for (t->n = 0; t->n < TOKENS; t->n++) {
		struct token *now = &t->at[t->n];

		while (depth > 0 && left[depth - 1] == 0)
			depth--;
		*now = (struct token){.at = at, .parent = depth ? open[depth - 1] : -1};
		if (!read_token(now, in))
			return;
		at = now->end;
		if (depth > 0)
			left[depth - 1]--;
		if (!now->array)
			continue;
		if (depth == DEPTH)
			return;
		open[depth] = t->n;
		left[depth++] = now->v;
	}
}

/* The end of the element that starts with token i. */
static size_t end_of(const struct tokens *t, int i)
{
	int last = i;

	for (int k = i + 1; k < t->n && t->at[k].parent >= i; k++)
		last = k;
	return t->at[last].end;
}

static void put_head(struct drive_input *in, const struct token *t, uint64_t n)
{
	const uint8_t head[5] = {0xdd, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};

	drive_splice(in, t->at, t->end, head, sizeof head);
}

static void put_integer(struct drive_input *in, const struct token *t, uint64_t v, bool is_signed)
{
	uint8_t bytes[9] = {is_signed ? 0xd3 : 0xcf};

	for (int i = 0; i < 8; i++)
		bytes[1 + i] = (uint8_t)(v >> (56 - 8 * i));
	drive_splice(in, t->at, t->end, bytes, sizeof bytes);
}

static void change_integer(struct drive_input *in, const struct tokens *t, const struct token *one)
{
	static const int64_t near[] = {1, -1, 60, -60, 300, 3600, 3840, -3840, 86400};
	static const int64_t edges[] = {0, 1, -1, 1 << 18, 1 << 19, INT32_MAX, (int64_t)INT32_MAX + 1,
	    INT32_MIN, (int64_t)INT32_MIN + 1, (int64_t)1 << 48, ((int64_t)1 << 48) + 1, -((int64_t)1 << 48),
	    -((int64_t)1 << 48) - 1, INT32_MAX * (int64_t)60, INT32_MIN * (int64_t)60,
	    (int64_t)(INT32_MAX - 1) * 60, INT64_MAX, INT64_MIN, INT64_MAX / 60 * 60};
	uint64_t v = one->v;

	switch (drive_below(5)) {
	case 0:
		v ^= (uint64_t)1 << drive_below(64);
		break;
	case 1: /* fields of a segment start at multiples of four bits */
		v &= ~((uint64_t)15 << 4 * drive_below(16));
		break;
	case 2:
		v += (uint64_t)DRIVE_ONE_OF(near);
		break;
	case 3:
		v = (uint64_t)DRIVE_ONE_OF(edges);
		break;
	case 4:
		v = t->at[drive_below((uint64_t)t->n)].v;
		break;
	}
	put_integer(in, one, v, v >> 63 && drive_below(2));
}

/* Swaps the element at a..b with the one at b..end. */
static void swap(struct drive_input *in, size_t a, size_t b, size_t end)
{
	struct drive_input first = {.n = 0};

	drive_add(&first, in->p + a, b - a);
	drive_splice(in, end, end, first.p, first.n);
	drive_splice(in, a, b, "", 0);
}

static void change_elements(struct drive_input *in, const struct tokens *t, int i)
{
	const struct token *one = &t->at[i], *parent = &t->at[one->parent];
	size_t end = end_of(t, i);
	struct drive_input copy = {.n = 0};

	switch (drive_below(3)) {
	case 0:
		drive_splice(in, one->at, end, "", 0);
		put_head(in, parent, parent->v - 1);
		break;
	case 1:
		drive_add(&copy, in->p + one->at, end - one->at);
		drive_splice(in, end, end, copy.p, copy.n);
		put_head(in, parent, parent->v + 1);
		break;
	case 2:
		for (int k = i + 1; k < t->n; k++)
			if (t->at[k].parent == one->parent) {
				swap(in, one->at, t->at[k].at, end_of(t, k));
				break;
			}
		break;
	}
}

void mutate_msgpack(struct drive_input *in)
{
	static struct tokens t;
	int i;

	read_tokens(&t, in);
	if (t.n == 0)
		return;
	i = (int)drive_below((uint64_t)t.n);
	if (!t.at[i].array && (t.at[i].parent < 0 || drive_below(8)))
		change_integer(in, &t, &t.at[i]);
	else if (t.at[i].parent >= 0 && drive_below(4))
		change_elements(in, &t, i);
	else
		put_head(in, &t.at[i], t.at[i].v + drive_below(3) - 1);
}
