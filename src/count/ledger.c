#include "count/ledger.h"

#include <stdlib.h>
#include <sys/mman.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "npsd/err.h"

#define WAYS 12
#define FIRST_ENTRIES 256u
#define FIRST_BUCKETS 32u
#define HUGE_PAGE ((size_t)2 << 20)
#define SCORE_NULL 11
#define SAMPLES 4096u

/* One cache line. passed: entries whose home is this bucket or an earlier one, and that are in a later
 * bucket. */
struct npsd_bucket {
	uint8_t mark[WAYS];
	uint32_t passed;
	uint32_t at[WAYS]; /* entry + 1; 0: free */
};
_Static_assert(sizeof(struct npsd_bucket) == 64, "a bucket is a cache line");

/* The dimensions that have no field of their own in the entry. */
static const uint8_t rest_dims[] = {NPSD_DIM_stage, NPSD_DIM_team, NPSD_DIM_product, NPSD_DIM_profile,
    NPSD_DIM_language, NPSD_DIM_survey_id, NPSD_DIM_ATTR0, NPSD_DIM_ATTR0 + 1, NPSD_DIM_ATTR0 + 2,
    NPSD_DIM_ATTR0 + 3, NPSD_DIM_ATTR0 + 4, NPSD_DIM_ATTR0 + 5};
#define NREST (sizeof rest_dims / sizeof rest_dims[0])
_Static_assert(NREST + 4 == NPSD_NDIM, "every dimension but location, channel, owner and theme is in a row");

struct npsd_key npsd_key_of(enum npsd_space space, struct npsd_str id)
{
	XXH128_hash_t h = XXH3_128bits_withSeed(id.p, id.n, (uint64_t)space);

	return (struct npsd_key){h.low64, h.high64};
}

/* Zeroed, and in huge pages where it is large. */
static void *map_new(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	npsd_assert(p != MAP_FAILED);
	if (bytes >= HUGE_PAGE)
		madvise(p, bytes, MADV_HUGEPAGE); /* it need not succeed */
	return p;
}

static size_t entry_bytes(uint32_t entries)
{
	return (size_t)entries * sizeof(struct npsd_entry);
}

struct npsd_ledger *npsd_ledger_new(void)
{
	static const uint32_t none[NREST];
	uint32_t no_theme[NPSD_THEMES];
	struct npsd_ledger *l = calloc(1, sizeof *l);

	npsd_assert(l);
	memset(no_theme, 0xff, sizeof no_theme);
	no_theme[0] = NPSD_ID_NONE;
	npsd_pool_init(&l->rest, NREST, none);
	npsd_pool_init(&l->themes, NPSD_THEMES, no_theme);
	l->cap = FIRST_ENTRIES;
	l->entry = map_new(entry_bytes(l->cap));
	l->buckets = FIRST_BUCKETS;
	l->bucket = map_new(l->buckets * sizeof *l->bucket);
	return l;
}

void npsd_ledger_free(struct npsd_ledger **ledger)
{
	struct npsd_ledger *l = *ledger;

	*ledger = NULL;
	if (!l)
		return;
	npsd_pool_free(&l->rest);
	npsd_pool_free(&l->themes);
	munmap(l->entry, entry_bytes(l->cap));
	munmap(l->bucket, l->buckets * sizeof *l->bucket);
	free(l);
}

static uint32_t home_of(const struct npsd_ledger *l, uint64_t key_lo)
{
	return (uint32_t)((key_lo >> 32) * l->buckets >> 32);
}

static uint32_t next_of(const struct npsd_ledger *l, uint32_t b)
{
	return b + 1 == l->buckets ? 0 : b + 1;
}

static uint8_t mark_of(struct npsd_key key)
{
	return (uint8_t)(key.hi >> 56);
}

static uint64_t high_of(struct npsd_key key)
{
	return key.hi & (((uint64_t)1 << NPSD_KEY_HIGH_BITS) - 1);
}

static void put(struct npsd_ledger *l, uint64_t key_lo, uint8_t mark, uint32_t number)
{
	uint32_t b = home_of(l, key_lo);

	for (;; b = next_of(l, b)) {
		struct npsd_bucket *bucket = &l->bucket[b];

		for (int i = 0; i < WAYS; i++)
			if (bucket->at[i] == 0) {
				bucket->mark[i] = mark;
				bucket->at[i] = number + 1;
				return;
			}
		bucket->passed++;
	}
}

static void grow_index(struct npsd_ledger *l, uint32_t buckets)
{
	struct npsd_bucket *old = l->bucket;
	uint32_t nold = l->buckets;

	l->bucket = map_new(buckets * sizeof *l->bucket);
	l->buckets = buckets;
	for (uint32_t b = 0; b < nold; b++)
		for (int i = 0; i < WAYS; i++)
			if (old[b].at[i])
				put(l, l->entry[old[b].at[i] - 1].key_lo, old[b].mark[i], old[b].at[i] - 1);
	munmap(old, nold * sizeof *old);
}

static void grow_entries(struct npsd_ledger *l, uint32_t cap)
{
	void *p = mremap(l->entry, entry_bytes(l->cap), entry_bytes(cap), MREMAP_MAYMOVE);

	npsd_assert(p != MAP_FAILED && cap > l->cap);
	l->entry = p;
	l->cap = cap;
	if (entry_bytes(cap) >= HUGE_PAGE)
		madvise(p, entry_bytes(cap), MADV_HUGEPAGE);
}

/* At most seven eighths of the index are used. It grows by a quarter, so that its slack stays small. */
void npsd_ledger_reserve(struct npsd_ledger *l, uint32_t n)
{
	while (l->cap - l->live < n)
		grow_entries(l, l->cap + l->cap / 4 + 64);
	while ((uint64_t)l->buckets * WAYS * 7 / 8 < (uint64_t)l->live + n)
		grow_index(l, l->buckets + l->buckets / 4 + 8);
	npsd_pool_reserve(&l->rest, n);
	npsd_pool_reserve(&l->themes, n);
}

void npsd_ledger_prefetch_bucket(const struct npsd_ledger *l, struct npsd_key key)
{
	__builtin_prefetch(&l->bucket[home_of(l, key.lo)]);
}

void npsd_ledger_prefetch_entry(const struct npsd_ledger *l, struct npsd_key key)
{
	const struct npsd_bucket *b = &l->bucket[home_of(l, key.lo)];

	for (int i = 0; i < WAYS; i++)
		if (b->mark[i] == mark_of(key) && b->at[i]) {
			const char *e = (const char *)&l->entry[b->at[i] - 1];

			__builtin_prefetch(e);
			__builtin_prefetch(e + sizeof(struct npsd_entry) - 1);
		}
}

struct npsd_entry *npsd_ledger_find(const struct npsd_ledger *l, struct npsd_key key)
{
	uint8_t mark = mark_of(key);

	for (uint32_t b = home_of(l, key.lo);; b = next_of(l, b)) {
		const struct npsd_bucket *bucket = &l->bucket[b];

		for (int i = 0; i < WAYS; i++)
			if (bucket->mark[i] == mark && bucket->at[i]) {
				struct npsd_entry *e = &l->entry[bucket->at[i] - 1];

				if (e->key_lo == key.lo && e->key_hi == high_of(key))
					return e;
			}
		if (bucket->passed == 0)
			return NULL;
	}
}

struct npsd_entry *npsd_ledger_add(struct npsd_ledger *l, struct npsd_key key)
{
	uint32_t number = l->high;
	struct npsd_entry *e;

	npsd_assert(l->live < l->cap);
	if (l->free) {
		number = l->free - 1;
		l->free = (uint32_t)l->entry[number].offset;
	} else {
		l->high++;
	}
	e = &l->entry[number];
	*e = (struct npsd_entry){
	    .key_lo = key.lo, .key_hi = high_of(key), .live = 1, .updated_ms = NPSD_TIME_NONE};
	put(l, key.lo, mark_of(key), number);
	l->live++;
	return e;
}

void npsd_ledger_remove(struct npsd_ledger *l, struct npsd_entry *e)
{
	uint32_t number = (uint32_t)(e - l->entry);

	for (uint32_t b = home_of(l, e->key_lo);; b = next_of(l, b)) {
		struct npsd_bucket *bucket = &l->bucket[b];
		int i = 0;

		while (i < WAYS && bucket->at[i] != number + 1)
			i++;
		if (i < WAYS) {
			bucket->at[i] = 0;
			break;
		}
		npsd_assert(bucket->passed > 0);
		bucket->passed--;
	}
	npsd_entry_clear(l, e);
	*e = (struct npsd_entry){.offset = l->free};
	l->free = number + 1;
	l->live--;
}

void npsd_ledger_sweep(struct npsd_ledger *l, uint32_t n, int64_t horizon_ms)
{
	for (; n > 0 && l->high > 0; n--) {
		struct npsd_entry *e;

		if (l->swept >= l->high)
			l->swept = 0;
		e = &l->entry[l->swept++];
		if (e->live && npsd_entry_seen_ms(e) < horizon_ms)
			npsd_ledger_remove(l, e);
	}
}

void npsd_entry_get(struct npsd_content *out, const struct npsd_ledger *l, const struct npsd_entry *e)
{
	const uint32_t *rest = npsd_pool_row(&l->rest, (uint32_t)e->rest);
	const uint32_t *themes = npsd_pool_row(&l->themes, (uint32_t)e->themes);

	npsd_assert(e->counts);
	out->score = e->score == SCORE_NULL ? NPSD_SCORE_NULL : (int8_t)e->score;
	out->kind = (uint8_t)e->kind;
	out->has_comment = e->has_comment;
	out->over_cap = e->over_cap;
	out->comment_hash = (uint32_t)e->comment_hash;
	out->value[NPSD_DIM_location] = (uint32_t)e->location;
	out->value[NPSD_DIM_owner] = (uint32_t)e->owner;
	out->value[NPSD_DIM_channel] = (uint32_t)e->channel;
	out->value[NPSD_DIM_theme] = 0;
	for (size_t i = 0; i < NREST; i++)
		out->value[rest_dims[i]] = rest[i];
	out->nthemes = 0;
	while (out->nthemes < NPSD_THEMES && themes[out->nthemes] != NPSD_ID_UNKNOWN) {
		out->theme[out->nthemes] = themes[out->nthemes];
		out->nthemes++;
	}
}

/* Releases the rows of the entry's content. */
void npsd_entry_clear(struct npsd_ledger *l, struct npsd_entry *e)
{
	if (!e->counts)
		return;
	npsd_pool_drop(&l->rest, (uint32_t)e->rest);
	npsd_pool_drop(&l->themes, (uint32_t)e->themes);
	e->counts = 0;
}

void npsd_entry_set(struct npsd_ledger *l, struct npsd_entry *e, const struct npsd_content *c)
{
	uint32_t rest[NREST], themes[NPSD_THEMES];

	for (size_t i = 0; i < NREST; i++)
		rest[i] = c->value[rest_dims[i]];
	memset(themes, 0xff, sizeof themes);
	memcpy(themes, c->theme, c->nthemes * sizeof themes[0]);
	npsd_entry_clear(l, e);
	e->rest = npsd_pool_take(&l->rest, rest);
	e->themes = npsd_pool_take(&l->themes, themes);
	e->counts = 1;
	e->score = c->score == NPSD_SCORE_NULL ? SCORE_NULL : (uint64_t)c->score;
	e->kind = c->kind;
	e->has_comment = c->has_comment;
	e->over_cap = c->over_cap;
	e->comment_hash = c->comment_hash;
	e->location = c->value[NPSD_DIM_location];
	e->owner = c->value[NPSD_DIM_owner];
	e->channel = c->value[NPSD_DIM_channel];
}

static int compare_times(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

int64_t npsd_ledger_eldest_ms(const struct npsd_ledger *l)
{
	uint32_t stride = l->high / SAMPLES + 1, n = 0;
	int64_t seen[SAMPLES] = {0};

	for (uint32_t i = 0; i < l->high; i += stride)
		if (l->entry[i].live)
			seen[n++] = npsd_entry_seen_ms(&l->entry[i]);
	qsort(seen, n, sizeof seen[0], compare_times);
	return n ? seen[n / 8] : NPSD_TIME_NONE;
}

size_t npsd_ledger_bytes(const struct npsd_ledger *l)
{
	return entry_bytes(l->live) + l->buckets * sizeof *l->bucket + npsd_pool_bytes(&l->rest) +
	       npsd_pool_bytes(&l->themes);
}
