#include "items.h"

#include "mutate_msgpack.h"

#define HEAD 3
#define TEXT_MAX 65535

/* Fragments of log entries, manifests, chunks, rulings and positions. */
static const char *const pieces[] = {"\x90", "\x91", "\x93", "\x95", "\x96", "\xdc\xff\xff",
    "\xdd\xff\xff\xff\xff", "\xdd\x7f\xff\xff\xff", "\x80", "\xc0", "\xc2", "\xc4\xff",
    "\xcb\x7f\xf0\x01\x01\x01\x01\x01\x01", "\xa1z", "\xd9\xff", "\x01", "\x7f", "\xff", "\xe0", "\xcc\xff",
    "\xcd\xff\xff", "\xce\xff\xff\xff\xff", "\xce\x7f\xff\xff\xff", "\xce\x80\x01\x01\x01",
    "\xcf\x7f\xff\xff\xff\xff\xff\xff\xff", "\xcf\xff\xff\xff\xff\xff\xff\xff\xff", "\xd2\x80\x01\x01\x01",
    "\xd3\x80\x01\x01\x01\x01\x01\x01\x01", "\xd3\xff\xff\xff\xff\xff\xff\xff\xff",
    "\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91", "0", "1", "9", "-", "+", " ", ";",
    ":", "/", "-1", "18446744073709551616", "9223372036854775807", "-9223372036854775808", "4294967296", "00",
    "1e9", "chunk:", "survey-events/1 ", "0:1", "60", "86400"};
enum { NPIECES = sizeof pieces / sizeof pieces[0] };

bool item_next(struct item *out, size_t *at, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	size_t len, left;

	if (n < HEAD || *at > n - HEAD)
		return false;
	left = n - *at - HEAD;
	len = (size_t)p[*at + 1] << 8 | p[*at + 2];
	if (len > left)
		len = left;
	out->kind = p[*at];
	out->text = (struct npsd_str){(const char *)p + *at + HEAD, (uint32_t)len};
	*at += HEAD + len;
	return true;
}

static void splice_item(struct drive_input *in, size_t a, size_t b, uint8_t kind, const void *p, size_t n)
{
	char head[HEAD] = {(char)kind, (char)(n >> 8), (char)n};

	if (n > TEXT_MAX || in->n - (b - a) + HEAD + n > sizeof in->p)
		return;
	drive_splice(in, a, b, head, HEAD);
	drive_splice(in, a + HEAD, a + HEAD, p, n);
}

void item_add(struct drive_input *in, uint8_t kind, const void *p, size_t n)
{
	splice_item(in, in->n, in->n, kind, p, n);
}

/* Chooses an item and its bounds, packed ones three times as often. False: there is none. */
static bool choose(struct item *it, size_t *a, size_t *b, const struct drive_input *in, unsigned int packed)
{
	uint64_t weight = 0, at;
	bool found = false;

	for (*b = 0; item_next(it, b, in->p, in->n);)
		weight += 1 + 2 * (packed >> (it->kind % 4) & 1);
	if (weight == 0)
		return false;
	at = drive_below(weight);
	for (*a = *b = 0; !found && item_next(it, b, in->p, in->n); *a = found ? *a : *b) {
		weight = 1 + 2 * (packed >> (it->kind % 4) & 1);
		found = at < weight;
		at -= found ? 0 : weight;
	}
	return found;
}

void items_mutate(struct drive_input *in, unsigned int packed)
{
	struct drive_input one = {.n = 0};
	struct item it;
	size_t a, b;

	if (!choose(&it, &a, &b, in, packed))
		return;
	drive_add(&one, it.text.p, it.text.n);
	switch (drive_below(16)) {
	case 0:
		drive_splice(in, a, b, "", 0);
		break;
	case 1:
		splice_item(in, a, a, it.kind, one.p, one.n);
		break;
	case 2:
		splice_item(in, a, b, (uint8_t)drive_below(8), one.p, one.n);
		break;
	default:
		if (packed >> (it.kind % 4) & 1 && drive_below(4))
			mutate_msgpack(&one);
		else if (drive_below(2))
			drive_mutate_number(&one);
		else
			drive_mutate(&one, pieces, NPIECES);
		splice_item(in, a, b, it.kind, one.p, one.n);
	}
}
