/* The rows of options.def, lists.def and dims.def as data. Constant. Thread: any */
#ifndef NPSD_CONFIG_OPTION_TABLE_H
#define NPSD_CONFIG_OPTION_TABLE_H

#include "npsd/config.h"

enum npsd_option_type {
	NPSD_OPTION_STR,
	NPSD_OPTION_SECRET,
	NPSD_OPTION_INT,
	NPSD_OPTION_MS,
	NPSD_OPTION_BYTES,
	NPSD_OPTION_NUM,
	NPSD_OPTION_BOOL,
	NPSD_OPTION_ENUM,
	NPSD_OPTION_LIST,
	NPSD_OPTION_MAP, /* NAME.KEY is a name, too */
};

/* How a change of the option is applied, when counts are stored already. */
enum npsd_option_change {
	NPSD_CHANGED_BY_RESTART,
	NPSD_CHANGED_BY_APPLY,	 /* --apply-config; the option is in the canonical text */
	NPSD_CHANGED_BY_REBUILD, /* --rebuild; the option is in the canonical text */
};

/* A row of options.def, or of lists.def (LIST, MAP: without offset and bounds). */
struct npsd_option {
	const char *name;
	enum npsd_option_type type;
	size_t offset; /* in struct npsd_config */
	const char *def;
	double least, most; /* STR, SECRET: of the length */
	const char *words;  /* ENUM: `a|b|c` */
	enum npsd_option_change change;
	const char *help;
};

#define NPSD_OPTION_NAME_MAX 64
#define NPSD_PROPERTY_PREFIX "kafka.properties." /* then the name of a librdkafka property */

extern const struct npsd_option npsd_options[];
extern const int npsd_noptions;
extern const struct npsd_option npsd_option_cap; /* type and bounds of each caps.DIMENSION */
/* The default of caps.DIMENSION. */
uint32_t npsd_option_cap_default(int dim);

static inline bool npsd_option_is_scalar(const struct npsd_option *o)
{
	return o->type != NPSD_OPTION_LIST && o->type != NPSD_OPTION_MAP;
}

/* NULL: there is no such row. */
const struct npsd_option *npsd_option_find(const char *name);

#endif
