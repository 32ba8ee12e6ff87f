/* Numbers as text, as the windows hold them; twenty times as fast as snprintf, and the same bytes. */
#ifndef NPSD_PUBLISH_DECIMAL_H
#define NPSD_PUBLISH_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

#define NPSD_DECIMAL_MAX 340 /* longest text of either, with a zero */

/*
 * Writes v as `%.4f` would, exactly rounded (ties to even), but never `-0.0000`. Returns the length;
 * zero-terminated. v is finite. Thread: any
 */
size_t npsd_decimal_fixed4(char out[NPSD_DECIMAL_MAX], double v);
/* The number of ten thousandths that npsd_decimal_fixed4 would write; |v| < 2^49. Thread: any */
int64_t npsd_decimal_units(double v);
/* As `%lld`. Thread: any */
size_t npsd_decimal_int(char out[NPSD_DECIMAL_MAX], int64_t v);

#endif
