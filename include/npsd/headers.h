/* The headers of a record that change how it is decoded: those of a CloudEvent. No other header is read. */
#ifndef NPSD_HEADERS_H
#define NPSD_HEADERS_H

#include "base/str.h"

enum npsd_header {
	NPSD_HEADER_CONTENT_TYPE,
	NPSD_HEADER_CE_TYPE,
	NPSD_HEADER_CE_SUBJECT,
	NPSD_HEADER_CE_TIME,
	NPSD_NHEADER,
};
extern const char *const npsd_header_names[NPSD_NHEADER];

/* p == NULL: the header is missing or has no value. If a header is repeated, the last one. Any bytes. */
struct npsd_headers {
	struct npsd_str value[NPSD_NHEADER];
};

#endif
