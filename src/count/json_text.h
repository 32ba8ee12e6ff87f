/* Writes JSON into a buffer. Texts must be valid UTF-8, which decode has checked. */
#ifndef NPSD_COUNT_JSON_TEXT_H
#define NPSD_COUNT_JSON_TEXT_H

#include "base/buf.h"

/* `"text"`: quotes, backslashes and control characters escaped, all other bytes as they are. Thread: any */
void npsd_json_text(struct npsd_buf *out, struct npsd_str text);
/* `"name":`, with a comma before it except after an opening brace. Thread: any */
void npsd_json_name(struct npsd_buf *out, const char *name);

#endif
