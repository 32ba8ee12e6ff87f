#include "items.h"

#include "packed.h"

#define HEAD 3
#define TEXT_MAX 65535

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

/* One of them, with where it begins; what is packed three times as often. False: there is none. */
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

void items_mutate(struct drive_input *in, unsigned int packed, const char *const *pieces, size_t npieces)
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
			packed_mutate(&one);
		else if (drive_below(2))
			drive_mutate_number(&one);
		else
			drive_mutate(&one, pieces, npieces);
		splice_item(in, a, b, it.kind, one.p, one.n);
	}
}
