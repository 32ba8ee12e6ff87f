/* The values of settings: a scalar or a list. Thread: main */
#ifndef NPSD_CONFIG_VALUES_H
#define NPSD_CONFIG_VALUES_H

#include "base/buf.h"
#include "config/option_table.h"
#include "config/place.h"

/* A scalar (text), or a list of values (text == NULL). */
struct npsd_value {
	struct npsd_place at;
	char *text;
	struct npsd_value *item;
	int nitems;
};

/* The items of a list; a scalar is a list of one. */
const struct npsd_value *npsd_value_items(int *n, const struct npsd_value *v);
/* Reads a scalar; `to` is the field of the option's type; the caller frees a STR or SECRET. */
bool npsd_value_read(void *to, struct npsd_err *err, const struct npsd_option *o, const char *field,
    const struct npsd_value *v);
/* Reads a duration in ms. False: the text is not one. */
bool npsd_value_duration(double *out_ms, const char *text);
/* Appends a duration: `5m` */
void npsd_value_add_duration(struct npsd_buf *out, double ms);
/* The text of v, where `env:NAME` and `file:PATH` are replaced by what they name; the caller frees. NULL: err
 * is set. */
char *npsd_value_secret(struct npsd_err *err, const char *field, const struct npsd_value *v);
/* Appends what the option accepts: `an integer from 0 to 64` */
void npsd_value_add_accepted(struct npsd_buf *out, const struct npsd_option *o);

#endif
