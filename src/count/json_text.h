/* JSON out, into a buffer; the text that comes in is valid UTF-8 (decode saw to it). */
#ifndef NPSD_COUNT_JSON_TEXT_H
#define NPSD_COUNT_JSON_TEXT_H

#include "base/buf.h"

/* `"text"`: quotes, backslashes and control characters escaped, all else as it is. Thread: any */
void npsd_json_text(struct npsd_buf *out, struct npsd_str text);
/* `,"name":` or `"name":` behind an opening brace. Thread: any */
void npsd_json_name(struct npsd_buf *out, const char *name);

#endif
