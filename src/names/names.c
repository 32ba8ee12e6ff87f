/*
 * Entries are in chunks that never move. A hash table finds them; when it is half full a table of twice the
 * size replaces it. Old tables are freed with the dictionary, so a reader may still be in one: an entry that
 * it misses there is NPSD_ID_UNKNOWN, and admission finds it.
 *
 * The writer stores in this order; the right column names the loads that acquire:
 *
 *   entry and its text, plain stores
 *   len      release   npsd_names_len_any and every function that takes an id or a length
 *   slot     release   search: a reader that sees an id also sees its entry
 *   full     release   npsd_names_find_any, before the search: if full is set and the search finds nothing,
 *                      the value was not admitted
 *   table    release   search
 */
#include "npsd/names.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/atomic.h"
#include "npsd/err.h"

#define CHUNK 8192u /* entries */
#define CHUNKS ((NPSD_ID_MAX + CHUNK) / CHUNK)
#define TEXT_CHUNK (256u * 1024)
#define VALUE_MAX 256u /* bytes; of a location: of each level */
#define FIRST_SLOTS 1024u
#define HEX 40

/* The race tests weaken one release at a time, to show that they detect it. */
#ifndef NPSD_BREAK_RELEASE_NAMES
#define NPSD_BREAK_RELEASE_NAMES 0
#endif
#define publish(which, p, v)                                                                                 \
	(NPSD_BREAK_RELEASE_NAMES == (which) ? npsd_store_relaxed((p), (v)) : npsd_store_release((p), (v)))
enum { PUBLISH_LEN = 1, PUBLISH_SLOT, PUBLISH_TABLE, PUBLISH_FULL };

/* Constant once published. */
struct entry {
	const char *text;
	uint64_t hash;
	uint32_t parent;
	uint16_t n;
	uint8_t dim;
	char chain[HEX + 1];
};

/* writer: commit; readers: any. At most half of the slots are used, so every search ends at an empty one. */
struct table {
	uint32_t mask;
	struct table *older;
	_Atomic uint64_t slot[]; /* upper half of the hash << 32 | id; 0: empty */
};

struct text_chunk {
	struct text_chunk *older;
	uint32_t used;
	char bytes[TEXT_CHUNK];
};

/* writer: commit; readers: any. The sum of count[] == len. */
struct npsd_names {
	const struct npsd_sets *sets;
	uint32_t cap[NPSD_NDIM];
	NPSD_APART struct table *_Atomic table;
	_Atomic uint32_t len;
	_Atomic uint8_t full[NPSD_NDIM];      /* count[dim] >= cap[dim] */
	struct entry **chunk;		      /* [CHUNKS] */
	NPSD_APART uint32_t count[NPSD_NDIM]; /* the writer's only, from here on */
	struct text_chunk *text;
	EVP_MD *sha1;
	EVP_MD_CTX *md;
};

static struct table *table_new(uint32_t slots, struct table *older)
{
	struct table *t = calloc(1, sizeof *t + slots * sizeof t->slot[0]);

	npsd_assert(t);
	t->mask = slots - 1;
	t->older = older;
	return t;
}

struct npsd_names *npsd_names_new(const uint32_t caps[NPSD_NDIM], const struct npsd_sets *sets)
{
	struct npsd_names *names = aligned_alloc(_Alignof(struct npsd_names), sizeof *names);

	npsd_assert(names);
	memset(names, 0, sizeof *names);
	names->sets = sets;
	memcpy(names->cap, caps, sizeof names->cap);
	for (int dim = 0; dim < NPSD_NDIM; dim++)
		npsd_store_relaxed(&names->full[dim], caps[dim] == 0);
	names->chunk = calloc(CHUNKS, sizeof(struct entry *));
	npsd_store_relaxed(&names->table, table_new(FIRST_SLOTS, NULL));
	names->sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	names->md = EVP_MD_CTX_new();
	npsd_assert(names->chunk && names->sha1 && names->md);
	return names;
}

void npsd_names_free(struct npsd_names **names)
{
	struct npsd_names *n = *names;

	*names = NULL;
	if (!n)
		return;
	for (struct table *t = npsd_load_relaxed(&n->table), *older; t; t = older) {
		older = t->older;
		free(t);
	}
	for (struct text_chunk *c = n->text, *older; c; c = older) {
		older = c->older;
		free(c);
	}
	for (uint32_t i = 0; i < CHUNKS && n->chunk[i]; i++)
		free(n->chunk[i]);
	free(n->chunk);
	EVP_MD_CTX_free(n->md);
	EVP_MD_free(n->sha1);
	free(n);
}

static struct entry *entry_at(const struct npsd_names *names, uint32_t index)
{
	return &names->chunk[index / CHUNK][index % CHUNK];
}

/* The entry of an id in the copy, or NULL. */
static const struct entry *entry_of(const struct npsd_names *names, uint32_t id)
{
	if (id < NPSD_ID_FIRST || id - NPSD_ID_FIRST >= npsd_names_len_any(names))
		return NULL;
	return entry_at(names, id - NPSD_ID_FIRST);
}

static uint64_t hash_of(int dim, struct npsd_str value)
{
	return XXH3_64bits_withSeed(value.p, value.n, (uint64_t)dim);
}

/* The id of a value in the present table, or NPSD_ID_UNKNOWN. */
static uint32_t search(const struct npsd_names *names, int dim, struct npsd_str value, uint64_t hash)
{
	/* pairs with PUBLISH_TABLE, PUBLISH_SLOT */
	const struct table *t = npsd_load_acquire(&names->table);

	for (uint32_t i = (uint32_t)hash & t->mask;; i = (i + 1) & t->mask) {
		uint64_t slot = npsd_load_acquire(&t->slot[i]);

		if (slot == 0)
			return NPSD_ID_UNKNOWN;
		if (slot >> 32 == hash >> 32) {
			const struct entry *e = entry_at(names, (uint32_t)slot - NPSD_ID_FIRST);

			if (e->dim == dim && e->n == value.n && memcmp(e->text, value.p, value.n) == 0)
				return (uint32_t)slot;
		}
	}
}

/* NPSD_ID_NONE or NPSD_ID_OTHER for its own text, NPSD_ID_UNKNOWN for any other. */
static uint32_t reserved(struct npsd_str value)
{
	if (value.n == 0 || npsd_str_eq(value, NPSD_STR("__none__")))
		return NPSD_ID_NONE;
	return npsd_str_eq(value, NPSD_STR("__other__")) ? NPSD_ID_OTHER : NPSD_ID_UNKNOWN;
}

uint32_t npsd_names_find_any(const struct npsd_names *names, int dim, struct npsd_str value)
{
	uint32_t id = reserved(value);
	bool full;

	if (id != NPSD_ID_UNKNOWN)
		return id;
	full = npsd_load_acquire(&names->full[dim]); /* pairs with PUBLISH_FULL; before the search */
	id = search(names, dim, value, hash_of(dim, value));
	return id == NPSD_ID_UNKNOWN && full ? NPSD_ID_OTHER : id;
}

struct npsd_str npsd_names_text_any(const struct npsd_names *names, uint32_t id)
{
	const struct entry *e = entry_of(names, id);

	if (id == NPSD_ID_NONE)
		return NPSD_STR("__none__");
	if (id == NPSD_ID_OTHER)
		return NPSD_STR("__other__");
	return e ? (struct npsd_str){e->text, e->n} : (struct npsd_str){NULL, 0};
}

int npsd_names_dim_any(const struct npsd_names *names, uint32_t id)
{
	const struct entry *e = entry_of(names, id);

	return e ? e->dim : -1;
}

uint32_t npsd_names_parent_any(const struct npsd_names *names, uint32_t id)
{
	const struct entry *e = entry_of(names, id);

	return e ? e->parent : NPSD_ID_NONE;
}

uint32_t npsd_names_len_any(const struct npsd_names *names)
{
	return npsd_load_acquire(&names->len); /* pairs with PUBLISH_LEN */
}

const char *npsd_names_chain_any(const struct npsd_names *names, uint32_t len)
{
	if (len == 0)
		return "";
	return len <= npsd_names_len_any(names) ? entry_at(names, len - 1)->chain : NULL;
}

static void chain_hash(
    char out[HEX + 1], struct npsd_names *names, const char *prev, const char *word, struct npsd_str value)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int n = 0;
	char head[32];
	bool ok = EVP_DigestInit_ex2(names->md, names->sha1, NULL) == 1;

	ok = ok && EVP_DigestUpdate(names->md, prev, strlen(prev)) == 1;
	snprintf(head, sizeof head, "%zu:", strlen(word));
	ok = ok && EVP_DigestUpdate(names->md, head, strlen(head)) == 1;
	ok = ok && EVP_DigestUpdate(names->md, word, strlen(word)) == 1;
	snprintf(head, sizeof head, "%u:", value.n);
	ok = ok && EVP_DigestUpdate(names->md, head, strlen(head)) == 1;
	ok = ok && EVP_DigestUpdate(names->md, value.p, value.n) == 1;
	ok = ok && EVP_DigestFinal_ex(names->md, digest, &n) == 1;
	npsd_assert(ok && n * 2 == HEX);
	for (unsigned int i = 0; i < n; i++)
		snprintf(out + (size_t)2 * i, 3, "%02x", digest[i]);
}

static const char *keep_text(struct npsd_names *names, struct npsd_str value)
{
	struct text_chunk *c = names->text;
	char *to;

	if (!c || TEXT_CHUNK - c->used < value.n) {
		c = malloc(sizeof *c);
		npsd_assert(c);
		c->older = names->text;
		c->used = 0;
		names->text = c;
	}
	to = c->bytes + c->used;
	memcpy(to, value.p, value.n);
	c->used += value.n;
	return to;
}

static void add_slot(struct table *t, uint64_t hash, uint32_t id, bool published)
{
	uint64_t slot = hash >> 32 << 32 | id;
	uint32_t i = (uint32_t)hash & t->mask;

	while (npsd_load_relaxed(&t->slot[i]) != 0)
		i = (i + 1) & t->mask;
	if (published)
		publish(PUBLISH_SLOT, &t->slot[i], slot);
	else
		npsd_store_relaxed(&t->slot[i], slot);
}

/* Makes room for one more entry after `len` entries. */
static void grow(struct npsd_names *names, uint32_t len)
{
	struct table *t = npsd_load_relaxed(&names->table), *larger;

	if (!names->chunk[len / CHUNK]) {
		names->chunk[len / CHUNK] = calloc(CHUNK, sizeof(struct entry));
		npsd_assert(names->chunk[len / CHUNK]);
	}
	if (len < (t->mask + 1) / 2)
		return;
	larger = table_new((t->mask + 1) * 2, t);
	for (uint32_t i = 0; i < len; i++)
		add_slot(larger, entry_at(names, i)->hash, i + NPSD_ID_FIRST, false);
	publish(PUBLISH_TABLE, &names->table, larger);
}

/* As npsd_names_parent_any(); NPSD_ID_UNKNOWN if the ancestor is not in the list. */
static uint32_t parent_of(const struct npsd_names *names, int dim, struct npsd_str value)
{
	const char *slash = dim == NPSD_DIM_location ? memrchr(value.p, '/', value.n) : NULL;
	struct npsd_str up = {value.p, slash ? (uint32_t)(slash - value.p) : 0};
	uint32_t id;

	if (!slash)
		return NPSD_ID_NONE;
	if (up.n == 0 || up.n + 1 == value.n)
		return NPSD_ID_UNKNOWN; /* an empty level: not the canonical form */
	id = reserved(up);
	return id != NPSD_ID_UNKNOWN ? id : search(names, dim, up, hash_of(dim, up));
}

/* Within the limits of decode, so that it can have been admitted. */
static bool is_within_limits(int dim, struct npsd_str value)
{
	uint32_t levels = 1, n = 0;

	for (uint32_t i = 0; i < value.n; i++) {
		bool border = dim == NPSD_DIM_location && value.p[i] == '/';

		n = border ? 0 : n + 1;
		levels += border;
		if (n > VALUE_MAX || levels > NPSD_LEVELS)
			return false;
	}
	return true;
}

static bool is_same(const struct entry *e, int dim, struct npsd_str value, const char chain[HEX])
{
	return e->dim == dim && npsd_str_eq((struct npsd_str){e->text, e->n}, value) &&
	       memcmp(e->chain, chain, HEX) == 0;
}

bool npsd_names_append_owner(
    struct npsd_names *names, uint32_t index, int dim, struct npsd_str value, const char chain[HEX])
{
	const char *word = npsd_dim_word(names->sets, dim);
	uint32_t len = npsd_load_relaxed(&names->len), parent;
	char expected[HEX + 1];
	struct entry *e;
	uint64_t hash;

	if (index < len)
		return is_same(entry_at(names, index), dim, value, chain);
	if (index > len || len >= NPSD_ID_MAX - NPSD_ID_FIRST || !word || !is_within_limits(dim, value))
		return false;
	if (reserved(value) != NPSD_ID_UNKNOWN ||
	    search(names, dim, value, hash_of(dim, value)) != NPSD_ID_UNKNOWN)
		return false;
	parent = parent_of(names, dim, value);
	chain_hash(expected, names, npsd_names_chain_any(names, len), word, value);
	if (parent == NPSD_ID_UNKNOWN || memcmp(expected, chain, HEX) != 0)
		return false;
	grow(names, len);
	hash = hash_of(dim, value);
	e = entry_at(names, len);
	*e = (struct entry){.text = keep_text(names, value),
	    .hash = hash,
	    .parent = parent,
	    .n = (uint16_t)value.n,
	    .dim = (uint8_t)dim};
	memcpy(e->chain, expected, sizeof expected);
	publish(PUBLISH_LEN, &names->len, len + 1);
	add_slot(npsd_load_relaxed(&names->table), hash, len + NPSD_ID_FIRST, true);
	if (++names->count[dim] >= names->cap[dim])
		publish(PUBLISH_FULL, &names->full[dim], 1);
	return true;
}
