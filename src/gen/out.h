/* Texts in the formats that records use. */
#ifndef GEN_OUT_H
#define GEN_OUT_H

#include "base/buf.h"
#include "npsd/err.h"

#define GEN_TIME_BYTES 40

/* Appends a JSON string with its quotes, from UTF-8; `ascii`: other characters as \uXXXX, with surrogate
 * pairs. Thread: any */
void gen_put_json(struct npsd_buf *o, struct npsd_str s, bool ascii);
/* RFC 3339 in the zone offset_min; digits of the fraction of a second: 0 or 3. Thread: any; Owns: the text is
 * in out */
struct npsd_str gen_rfc3339(char out[GEN_TIME_BYTES], int64_t ms, int offset_min, int digits);

#endif
