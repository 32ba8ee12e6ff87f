#include "config/option_table.h"

#include <string.h>

/* The columns `least` and `most`, by type. */
#define BOUNDS_STR(l, m) .least = (l), .most = (m)
#define BOUNDS_SECRET(l, m) .least = (l), .most = (m)
#define BOUNDS_INT(l, m) .least = (l), .most = (m)
#define BOUNDS_MS(l, m) .least = (l), .most = (m)
#define BOUNDS_BYTES(l, m) .least = (l), .most = (m)
#define BOUNDS_NUM(l, m) .least = (l), .most = (m)
#define BOUNDS_BOOL(l, m) .least = (l), .most = (m)
#define BOUNDS_ENUM(l, m) .words = (l)

const struct npsd_option npsd_options[] = {
#define X(option, field, type_, def_, least_, most_, change_, help_)                                         \
	{.name = #option,                                                                                    \
	    .type = NPSD_OPTION_##type_,                                                                     \
	    .offset = offsetof(struct npsd_config, field),                                                   \
	    .def = (def_),                                                                                   \
	    BOUNDS_##type_(least_, most_),                                                                   \
	    .change = NPSD_CHANGED_BY_##change_,                                                             \
	    .help = (help_)},
#include "tbl/options.def"
#undef X
#define X(option, reader, shape, def_, change_, help_)                                                       \
	{.name = #option,                                                                                    \
	    .type = NPSD_OPTION_##shape,                                                                     \
	    .def = (def_),                                                                                   \
	    .change = NPSD_CHANGED_BY_##change_,                                                             \
	    .help = (help_)},
#include "tbl/lists.def"
#undef X
};
const int npsd_noptions = sizeof npsd_options / sizeof npsd_options[0];

#define X(option, ...) _Static_assert(sizeof #option <= NPSD_OPTION_NAME_MAX, "a name is too long");
#include "tbl/options.def"
#include "tbl/lists.def"
#undef X

#define CAP_MAX 16000000
#define CAP_OF_ATTRIBUTE 10000

const struct npsd_option npsd_option_cap = {
    .name = "caps", .type = NPSD_OPTION_INT, .least = 1, .most = CAP_MAX};
_Static_assert(CAP_MAX *NPSD_NDIM <= NPSD_ID_MAX, "all values of all dimensions have an id");

uint32_t npsd_option_cap_default(int dim)
{
	static const uint32_t caps[] = {
#define X(name, cap) cap,
#include "tbl/dims.def"
#undef X
	};

	return dim < NPSD_DIM_ATTR0 ? caps[dim] : CAP_OF_ATTRIBUTE;
}

const struct npsd_option *npsd_option_find(const char *name)
{
	for (int i = 0; i < npsd_noptions; i++)
		if (strcmp(npsd_options[i].name, name) == 0)
			return &npsd_options[i];
	return NULL;
}
