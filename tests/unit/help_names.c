#include "help_names.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

void help_chain(char out[41], const char *prev, const char *word, struct npsd_str value)
{
	unsigned char text[4096], digest[SHA_DIGEST_LENGTH];
	int n = snprintf((char *)text, sizeof text, "%s%zu:%s%u:", prev, strlen(word), word, value.n);

	memcpy(text + n, value.p, value.n);
	SHA1(text, (size_t)n + value.n, digest);
	for (int i = 0; i < SHA_DIGEST_LENGTH; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

uint32_t help_admit(struct npsd_names *names, const struct npsd_sets *sets, int dim, const char *value)
{
	uint32_t len = npsd_names_len_any(names);
	char chain[41];

	help_chain(chain, npsd_names_chain_any(names, len), npsd_dim_word(sets, dim), npsd_str(value));
	return npsd_names_append_owner(names, len, dim, npsd_str(value), chain) ? len + NPSD_ID_FIRST
										: NPSD_ID_UNKNOWN;
}

struct npsd_names *help_names_new(const struct npsd_sets *sets, uint32_t cap)
{
	uint32_t caps[NPSD_NDIM];

	for (int dim = 0; dim < NPSD_NDIM; dim++)
		caps[dim] = cap;
	return npsd_names_new(caps, sets);
}
