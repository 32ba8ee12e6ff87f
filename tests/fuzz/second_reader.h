/* Another reader of JSON, to hold ours against: simdjson's document tree, which shares only the first stage
 * with ours. */
#ifndef SECOND_READER_H
#define SECOND_READER_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum second { SECOND_REFUSED, SECOND_ACCEPTED, SECOND_CANNOT_TELL };

/*
 * Is it one whole object, at most `depth` deep? It cannot tell where it takes offence at a number, since it
 * refuses valid ones that fit no machine word.
 */
enum second second_reads(const char *p, size_t n, int depth);

enum second_kind { SECOND_ABSENT, SECOND_NULL, SECOND_OBJECT, SECOND_OTHER };
/* Of the document read last, at its top: what the last member of that key is. */
enum second_kind second_kind(const char *key);
/* From now on the member of that key, which must be an object, stands for the document. */
void second_enter(const char *key);
/*
 * Of the document read last, at its top: the last string of that key. NULL: none, or the last one is no
 * string. Valid until the next document.
 */
const char *second_text(size_t *n, const char *key);
/* Likewise, a number; false: none, or it is no number. */
int second_number(double *v, const char *key);

#ifdef __cplusplus
}
#endif
#endif
