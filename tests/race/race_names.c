/*
 * race_names: the dictionary is read while it grows. One thread appends; others find entries by value, and
 * others by the length of the dictionary. Every entry that a reader finds must be complete.
 */
#include <openssl/sha.h>
#include <pthread.h>
#include <stdio.h>

#include "npsd/err.h"
#include "npsd/names.h"

#define ENTRIES 20000u /* several tables, chunks of entries and of texts */
#define READERS 2

static const struct npsd_sets sets; /* no attributes */
static struct npsd_names *names;
static char texts[ENTRIES][48];
static char chains[ENTRIES][41];

/* Entry i: a region, then its city, then the city's unit. */
static void make_entries(void)
{
	const char *prev = "";

	for (uint32_t i = 0; i < ENTRIES; i++) {
		unsigned char head[128], digest[SHA_DIGEST_LENGTH];
		int n;

		snprintf(texts[i], sizeof texts[i], "region-%u%s%s", i / 3, i % 3 > 0 ? "/city" : "",
		    i % 3 > 1 ? "/unit" : "");
		n = snprintf(
		    (char *)head, sizeof head, "%s8:location%zu:%s", prev, strlen(texts[i]), texts[i]);
		SHA1(head, (size_t)n, digest);
		for (int j = 0; j < SHA_DIGEST_LENGTH; j++)
			snprintf(chains[i] + 2 * j, 3, "%02x", digest[j]);
		prev = chains[i];
	}
}

static void check_entry(uint32_t i)
{
	uint32_t id = i + NPSD_ID_FIRST;

	npsd_assert(npsd_str_eq(npsd_names_text_any(names, id), npsd_str(texts[i])));
	npsd_assert(npsd_names_dim_any(names, id) == NPSD_DIM_location);
	npsd_assert(npsd_names_parent_any(names, id) == (i % 3 ? id - 1 : NPSD_ID_NONE));
	npsd_assert(strcmp(npsd_names_chain_any(names, i + 1), chains[i]) == 0);
}

/* Looks the value up until it is found: only the table synchronizes this reader with the writer. */
static uint32_t wait_found(const char *value)
{
	uint32_t id;

	do
		id = npsd_names_find_any(names, NPSD_DIM_location, npsd_str(value));
	while (id == NPSD_ID_UNKNOWN);
	return id;
}

static void *find_each(void *arg)
{
	(void)arg;
	for (uint32_t i = 0; i < ENTRIES; i++) {
		npsd_assert(wait_found(texts[i]) == i + NPSD_ID_FIRST);
		check_entry(i);
	}
	npsd_assert(wait_found("new") == NPSD_ID_OTHER);
	return NULL;
}

static void *follow_length(void *arg)
{
	uint32_t seen = 0;

	(void)arg;
	while (seen < ENTRIES) {
		uint32_t len = npsd_names_len_any(names);

		npsd_assert(len >= seen);
		for (; seen < len; seen++)
			check_entry(seen);
	}
	return NULL;
}

static void *append_all(void *arg)
{
	(void)arg;
	for (uint32_t i = 0; i < ENTRIES; i++)
		npsd_assert(
		    npsd_names_append_owner(names, i, NPSD_DIM_location, npsd_str(texts[i]), chains[i]));
	return NULL;
}

int main(void)
{
	uint32_t caps[NPSD_NDIM] = {0};
	pthread_t finder[READERS], follower[READERS], writer;

	caps[NPSD_DIM_location] = ENTRIES;
	make_entries();
	names = npsd_names_new(caps, &sets);
	for (int i = 0; i < READERS; i++) {
		npsd_assert(pthread_create(&finder[i], NULL, find_each, NULL) == 0);
		npsd_assert(pthread_create(&follower[i], NULL, follow_length, NULL) == 0);
	}
	npsd_assert(pthread_create(&writer, NULL, append_all, NULL) == 0);
	pthread_join(writer, NULL);
	for (int i = 0; i < READERS; i++) {
		pthread_join(finder[i], NULL);
		pthread_join(follower[i], NULL);
	}
	npsd_names_free(&names);
	puts("ok");
	return 0;
}
