#include "npsd/dims.h"

const char *const npsd_kind_names[4] = {"all", "transactional", "relational", "other"};

uint8_t npsd_kind_find(struct npsd_str word)
{
	for (int kind = NPSD_KIND_TRANSACTIONAL; kind <= NPSD_KIND_OTHER; kind++)
		if (npsd_str_eq(word, npsd_str(npsd_kind_names[kind])))
			return (uint8_t)kind;
	return NPSD_KIND_NONE;
}

static const char *const dim_words[NPSD_DIM_ATTR0] = {
#define X(name, cap) #name,
#include "tbl/dims.def"
#undef X
};

const char *npsd_dim_word(const struct npsd_sets *sets, int dim)
{
	if (dim >= 0 && dim < NPSD_DIM_ATTR0)
		return dim_words[dim];
	if (dim >= NPSD_DIM_ATTR0 && dim - NPSD_DIM_ATTR0 < sets->nattr)
		return sets->attr_word[dim - NPSD_DIM_ATTR0];
	return NULL;
}

int npsd_dim_find(const struct npsd_sets *sets, struct npsd_str word)
{
	for (int dim = 0; dim < NPSD_DIM_ATTR0 + sets->nattr; dim++)
		if (npsd_str_eq(word, npsd_str(npsd_dim_word(sets, dim))))
			return dim;
	return -1;
}

int npsd_set_place(const struct npsd_sets *sets, uint32_t number)
{
	for (int s = 0; s < sets->n; s++)
		if (sets->set[s].number == number)
			return s;
	return -1;
}
