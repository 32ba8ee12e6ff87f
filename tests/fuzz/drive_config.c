/* The properties of the fuzzer over seeded mutations of files, for every build: drive_config [SEED [INPUTS]]
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_same.h"
#include "npsd/err.h"

static const char *const files[] = {
    "kafka:\n  brokers: a:1,b:2\n  topics: [x, y]\n  properties: {security.protocol: SSL, linger.ms: 5}\n",
    "segments: [[], [location, attributes.x], [theme]]\nwindows: [1h, 24h, 7d]\ncaps: {team: 4, "
    "attributes.x: 9}\n",
    "clock: event\nshards: 4\nlateness: 36h\nlimits: {event_bytes: 1MB}\npublish.budget: 0.25\nkinds.split: "
    "off\n",
    "alerts:\n  respondent: keyed\n  respondent_key: \"k\\x41\"\n  max_age: 90m\n# the end\n",
};
enum { NFILES = sizeof files / sizeof files[0] };

static const char *const pieces[] = {"[", "]", "{", "}", ": ", ", ", "\n", "\n  ", "- ", "\"", "'", "#",
    "&a ", "*a", "!!int ", "---\n", "...\n", "? ", "| ", "> ", "<<: ", "~", "0", "-1", "1.5",
    "99999999999999999999", "ms", "TB", "env:", "env:HOME", "\xff", "\xc3\xa9", "\t", "\r", "\\0", "kafka",
    "kafka.properties.", "segments", "windows", "attributes.", "location", "owner", "[[[[[[[[[["};
enum { NPIECES = sizeof pieces / sizeof pieces[0] };

struct input {
	char p[2048];
	size_t n;
};

static uint64_t state;

static size_t below(size_t n) /* splitmix64 */
{
	uint64_t x = state += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return (x ^ x >> 31) % n;
}

/* Puts n bytes in place of those from a to b. */
static void splice(struct input *in, size_t a, size_t b, const char *p, size_t n)
{
	if (in->n - (b - a) + n > sizeof in->p)
		return;
	memmove(in->p + a + n, in->p + b, in->n - b);
	memcpy(in->p + a, p, n);
	in->n += n - (b - a);
}

static void mutate(struct input *in)
{
	size_t a = below(in->n + 1), b = a + below(in->n + 1 - a);
	const char *piece = pieces[below(NPIECES)], *other = files[below(NFILES)];
	char byte = (char)below(256);

	switch (below(5)) {
	case 0:
		splice(in, a, a + (a < in->n), &byte, 1);
		break;
	case 1:
		splice(in, a, a, piece, strlen(piece));
		break;
	case 2:
		splice(in, a, a + (a < in->n), piece, strlen(piece));
		break;
	case 3:
		splice(in, a, b, "", 0);
		break;
	case 4: /* a whole other file behind */
		splice(in, in->n, in->n, other, strlen(other));
		break;
	}
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	long inputs = argc > 2 ? strtol(argv[2], NULL, 0) : 5000, accepted = 0;

	printf("seed %llu, %ld inputs\n", (unsigned long long)seed, inputs);
	fflush(stdout);
	for (int i = 0; i < NFILES; i++)
		npsd_assert(config_same(files[i], strlen(files[i])));
	for (long i = 0; i < inputs; i++) {
		struct input in = {.n = 0};

		state = seed * 0x100000001b3u + (uint64_t)i;
		splice(&in, 0, 0, files[i % NFILES], strlen(files[i % NFILES]));
		for (size_t k = 1 + below(3); k > 0; k--)
			mutate(&in);
		accepted += config_same(in.p, in.n);
	}
	printf("%ld accepted\n", accepted);
	npsd_assert(inputs < 1000 || (accepted > inputs / 100 && accepted < inputs));
	return 0;
}
