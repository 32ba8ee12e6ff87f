#include "config/readers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int npsd_sets_add_attribute(struct npsd_sets *sets, struct npsd_str name)
{
	size_t n = strlen(NPSD_ATTRIBUTE_PREFIX) + name.n + 1;
	char *word = malloc(n);

	npsd_assert(word && sets->nattr < NPSD_MAX_ATTR);
	snprintf(word, n, NPSD_ATTRIBUTE_PREFIX "%.*s", (int)name.n, name.p);
	sets->attr_word[sets->nattr] = word;
	sets->attr[sets->nattr] = word + strlen(NPSD_ATTRIBUTE_PREFIX);
	return NPSD_DIM_ATTR0 + sets->nattr++;
}

uint32_t npsd_sets_unused_attributes(const struct npsd_sets *sets)
{
	uint32_t unused = (1u << sets->nattr) - 1;

	for (int i = 0; i < sets->n; i++)
		for (int d = 0; d < sets->set[i].ndims; d++)
			if (sets->set[i].dims[d] >= NPSD_DIM_ATTR0)
				unused &= ~(1u << (sets->set[i].dims[d] - NPSD_DIM_ATTR0));
	return unused;
}
