/*
 * The values of settings: a scalar or a list; where they were written, and errors that begin with that place.
 * Thread: main
 */
#ifndef NPSD_CONFIG_VALUES_H
#define NPSD_CONFIG_VALUES_H

#include "base/buf.h"
#include "config/option_table.h"

/* line 0: the source has no lines */
struct npsd_place {
	const char *source;
	int line, col;
};

/* Sets err to the line `SOURCE:LINE:COL: FIELD: TEXT`. Always returns false. */
bool npsd_place_fail(struct npsd_err *err, struct npsd_place at, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* A text as an error quotes it: one line of limited length. */
struct npsd_quote {
	char text[48];
};
/* NULL, a value that is no text, is quoted as `[...]`. */
struct npsd_quote npsd_quote(const char *text);

/*
 * Reads a file of at most `most` bytes. An error begins with the place, the field and the label.
 * Owns: the caller frees out->p, which has one byte of room after the text
 */
bool npsd_place_read_file(struct npsd_str *out, struct npsd_err *err, struct npsd_place at, const char *field,
    const char *label, const char *path, uint32_t most);

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
