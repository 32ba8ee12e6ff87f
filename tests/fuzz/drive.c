#include "drive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;

void drive_seed(uint64_t seed)
{
	state = seed;
}

uint64_t drive_below(uint64_t n) /* splitmix64 */
{
	uint64_t x = state += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return (x ^ x >> 31) % n;
}

struct drive drive_begin(int argc, char **argv, long inputs)
{
	struct drive d = {.seed = 1, .inputs = inputs, .i = -1};

	if (argc > 1)
		d.seed = strtoull(argv[1], NULL, 0);
	if (argc > 2)
		d.inputs = strtol(argv[2], NULL, 0);
	printf("seed %llu, %ld inputs\n", (unsigned long long)d.seed, d.inputs);
	fflush(stdout);
	return d;
}

bool drive_next(struct drive *d)
{
	if (++d->i >= d->inputs)
		return false;
	drive_seed(d->seed * 0x100000001b3u + (uint64_t)d->i);
	return true;
}

void drive_fail(const void *p, size_t n, const char *what, const char *detail)
{
	const uint8_t *bytes = p;

	fprintf(stderr, "%s\n%s\n%zu bytes: ", what, detail, n);
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, bytes[i] < 0x20 || bytes[i] > 0x7e ? "\\x%02x" : "%c", bytes[i]);
	fprintf(stderr, "\n");
	abort();
}

void drive_splice(struct drive_input *in, size_t a, size_t b, const void *p, size_t n)
{
	if (in->n - (b - a) + n > sizeof in->p)
		return;
	memmove(in->p + a + n, in->p + b, in->n - b);
	if (n > 0)
		memcpy(in->p + a, p, n);
	in->n += n - (b - a);
}

void drive_add(struct drive_input *in, const void *p, size_t n)
{
	drive_splice(in, in->n, in->n, p, n);
}

void drive_addz(struct drive_input *in, const char *text)
{
	drive_add(in, text, strlen(text));
}

void drive_mutate(struct drive_input *in, const char *const *pieces, size_t npieces)
{
	size_t a = (size_t)drive_below(in->n + 1), b = a + (size_t)drive_below(in->n + 1 - a), n;
	const char *piece = pieces[drive_below(npieces)];
	char byte = (char)drive_below(256), copy[256];

	switch (drive_below(6)) {
	case 0:
		drive_splice(in, a, a + (a < in->n), &byte, 1);
		break;
	case 1:
		drive_splice(in, a, a, piece, strlen(piece));
		break;
	case 2:
		drive_splice(in, a, a + (a < in->n), piece, strlen(piece));
		break;
	case 3:
		drive_splice(in, a, a + (a < in->n), "", 0);
		break;
	case 4:
		drive_splice(in, a, drive_below(2) ? b : in->n, "", 0);
		break;
	case 5:
		n = b - a < sizeof copy ? b - a : sizeof copy;
		memcpy(copy, in->p + a, n);
		drive_splice(in, a, a, copy, n);
		break;
	}
}

void drive_mutate_number(struct drive_input *in)
{
	static const char *const ways[] = {"0", "+", " ", "-", "9", "00000000"};
	static const char *const edges[] = {"0", "-1", "1", "255", "2147483648", "33554431", "33554432",
	    "4294967295", "4294967296", "9007199254740992", "9007199254740993", "1000000000000000000",
	    "-1000000000000000000", "9223372036854775807", "-9223372036854775808", "18446744073709551616"};
	size_t a = in->n ? (size_t)drive_below(in->n) : 0, b;
	const char *edge = DRIVE_ONE_OF(edges), *way = DRIVE_ONE_OF(ways);
	char next;

	while (a < in->n && (in->p[a] < '0' || in->p[a] > '9'))
		a++;
	for (b = a; b < in->n && in->p[b] >= '0' && in->p[b] <= '9';)
		b++;
	if (a == in->n)
		return;
	switch (drive_below(3)) {
	case 0:
		drive_splice(in, a, b, edge, strlen(edge));
		break;
	case 1:
		drive_splice(in, a, a, way, strlen(way));
		break;
	case 2: /* the last digit one more */
		next = (char)('0' + (in->p[b - 1] - '0' + 1) % 10);
		drive_splice(in, b - 1, b, &next, 1);
		break;
	}
}
