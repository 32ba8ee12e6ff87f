/*
 * The headers of a record that bear on how it is read: the attributes of a CloudEvent, and that it is one.
 * All others are not looked at.
 */
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

/* p == NULL: not there, or null; any bytes. Of one that stands there twice, the last. */
struct npsd_headers {
	struct npsd_str value[NPSD_NHEADER];
};

#endif
