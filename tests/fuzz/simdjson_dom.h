/* A second JSON reader: the document tree (DOM) of simdjson. It shares only the first stage with npsd's
 * decoder. */
#ifndef FUZZ_SIMDJSON_DOM_H
#define FUZZ_SIMDJSON_DOM_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum dom_result { DOM_REFUSED, DOM_ACCEPTED, DOM_UNDECIDED };

/*
 * Whether the text is one JSON object of at most `depth` levels. DOM_UNDECIDED: it refuses a number
 * that may be valid and only too large for a machine word.
 */
enum dom_result dom_parse(const char *p, size_t n, int depth);

enum dom_kind { DOM_ABSENT, DOM_NULL, DOM_OBJECT, DOM_OTHER };
/* The kind of the last member of that key, at the top of the last document. */
enum dom_kind dom_kind(const char *key);
/* Makes the member of that key, an object, the document for the calls that follow. */
void dom_enter(const char *key);
/*
 * The last member of that key, at the top of the last document, if it is a string; otherwise NULL. Valid
 * until the next document.
 */
const char *dom_text(size_t *n, const char *key);
/* The same for a number; false if there is none. */
int dom_number(double *v, const char *key);

#ifdef __cplusplus
}
#endif
#endif
