/* Where a setting was written, and errors that begin with that place. Thread: main */
#ifndef NPSD_CONFIG_PLACE_H
#define NPSD_CONFIG_PLACE_H

#include "base/str.h"
#include "npsd/err.h"

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

#endif
