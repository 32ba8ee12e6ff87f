/* A second JSON reader to compare npsd's with: simdjson's document tree, which shares only the first stage.
 */
#ifndef SECOND_READER_H
#define SECOND_READER_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum second { SECOND_REFUSED, SECOND_ACCEPTED, SECOND_CANNOT_TELL };

/*
 * Whether the text is one JSON object of at most `depth` levels. SECOND_CANNOT_TELL: it refuses a number,
 * which may be valid and too large for a machine word.
 */
enum second second_reads(const char *p, size_t n, int depth);

enum second_kind { SECOND_ABSENT, SECOND_NULL, SECOND_OBJECT, SECOND_OTHER };
/* The kind of the last member of that key, at the top of the last document. */
enum second_kind second_kind(const char *key);
/* Makes the member of that key, an object, the document for the calls that follow. */
void second_enter(const char *key);
/*
 * The last member of that key, at the top of the last document, if it is a string; otherwise NULL. Valid
 * until the next document.
 */
const char *second_text(size_t *n, const char *key);
/* The same for a number; false if there is none. */
int second_number(double *v, const char *key);

#ifdef __cplusplus
}
#endif
#endif
