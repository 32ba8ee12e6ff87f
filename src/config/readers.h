/* The readers of settings into struct npsd_config, and the canonical text, written and read back. Thread:
 * main */
#ifndef NPSD_CONFIG_READERS_H
#define NPSD_CONFIG_READERS_H

#include "config/settings.h"

/* Refuses unknown options, and groups that have a value. */
bool npsd_config_check_names(const struct npsd_settings *s, struct npsd_err *err);

/* One reader for each row of lists.def, called in the order of the rows. */
#define X(name, reader, shape, def, change, help)                                                            \
	bool npsd_config_read_##reader(                                                                      \
	    struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s);
#include "tbl/lists.def"
#undef X

#define NPSD_ATTRIBUTE_PREFIX "attributes."

bool npsd_config_is_topic(const char *text);

/* The properties of librdkafka that no configuration may set; the last row has no name. */
struct npsd_reserved_property {
	const char *name, *instead;
};
extern const struct npsd_reserved_property npsd_reserved_properties[];

/* Reads a window by its name. False: it is not one. */
bool npsd_config_window(struct npsd_window *to, const char *name);
/* Adds the attribute, for which there is room, and returns its dimension. Owns: npsd_config_free() frees it
 */
int npsd_sets_add_attribute(struct npsd_sets *sets, struct npsd_str name);
/* Bit i: no set contains attribute i. */
uint32_t npsd_sets_unused_attributes(const struct npsd_sets *sets);
#define NPSD_TEXT_NAME_MAX 300 /* bytes of a name, with the zero byte */

/* Sets cfg->text and cfg->hash. */
void npsd_config_make_text(struct npsd_config *cfg);
/* The value of the line `NAME=VALUE`; absent (p is NULL): there is no such line. */
struct npsd_str npsd_text_value(const char *text, const char *name);

/* The rows of steps.def: `1m (windows up to 3h), ...` */
const char *npsd_config_steps(void);
/* The dimensions of which a set may consist: `location, ..., attributes.NAME` */
const char *npsd_config_dimensions(void);

#endif
