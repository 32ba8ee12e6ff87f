#include "consume/record.h"

const void *npsd_kafka_headers_of(const rd_kafka_message_t *m)
{
	rd_kafka_headers_t *h;

	return rd_kafka_message_headers(m, &h) == RD_KAFKA_RESP_ERR_NO_ERROR ? h : NULL;
}

void npsd_kafka_headers(void *self, struct npsd_headers *out, const struct npsd_msg *msg)
{
	(void)self;
	for (int i = 0; i < NPSD_NHEADER; i++) {
		const void *value = NULL;
		size_t n = 0;

		out->value[i] = (struct npsd_str){NULL, 0};
		if (rd_kafka_header_get_last(msg->headers, npsd_header_names[i], &value, &n) ==
			RD_KAFKA_RESP_ERR_NO_ERROR &&
		    value)
			out->value[i] = (struct npsd_str){value, (uint32_t)n};
	}
}
