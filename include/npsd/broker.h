/*
 * The broker: Kafka as the components see it. Production uses librdkafka (src/consume/kafka.c), the simulator
 * a log that fails, lags and rebalances. A partition is named by its topic's index in the configuration and
 * its number.
 */
#ifndef NPSD_BROKER_H
#define NPSD_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/marks.h"
#include "npsd/headers.h"

struct npsd_tp {
	int32_t topic; /* index into struct npsd_config topics */
	int32_t part;
};

struct npsd_offset {
	struct npsd_tp tp;
	int64_t offset; /* next offset to read */
};

enum npsd_broker_what {
	NPSD_B_ASSIGN,	  /* these are assigned: call assign() when they are acquired */
	NPSD_B_REVOKE,	  /* all are revoked: call unassign() when what is in flight is committed */
	NPSD_B_LOST,	  /* expelled from the group: call unassign(); nothing can be committed any more */
	NPSD_B_ENDS,	  /* ends() is done */
	NPSD_B_TOPIC,	  /* describe() is done */
	NPSD_B_COMMITTED, /* commit() is done */
	NPSD_B_RECORDS,	  /* records() is done */
	NPSD_B_FATAL,	  /* the client cannot go on; text says why */
};

enum npsd_commit_answer {
	NPSD_COMMIT_OK,
	NPSD_COMMIT_STALE /* unknown member, old generation */,
	NPSD_COMMIT_AGAIN
};

enum npsd_compacted {
	NPSD_COMPACTED_NO,
	NPSD_COMPACTED_YES,
	NPSD_COMPACTED_LATER,	/* no reply in time: ask again */
	NPSD_COMPACTED_UNKNOWN, /* the broker does not allow the question */
};

struct npsd_broker_event {
	enum npsd_broker_what what;
	uint64_t tag;		       /* ENDS, TOPIC, COMMITTED, RECORDS */
	const struct npsd_offset *tps; /* ASSIGN, REVOKE: offset unused. Valid until the next poll */
	size_t n;		       /* of tps, or of marks */
	struct npsd_tp tp;	       /* ENDS, RECORDS; TOPIC: its topic */
	bool ok;		       /* ENDS, TOPIC, RECORDS: false: ask again; text says why */
	int64_t low, high, committed;  /* ENDS: earliest offset, last stable offset, the group's own or -1 */
	int32_t parts; /* TOPIC: partitions; 0: it does not exist, or not for npsd; -1: unknown */
	enum npsd_compacted compacted;	/* TOPIC */
	enum npsd_commit_answer answer; /* COMMITTED */
	const struct npsd_mark *marks;	/* RECORDS: n of them, ascending. Valid until the next poll */
	bool local;			/* ENDS, TOPIC, not ok: no reply of Kafka, the client could not ask */
	char text[240];			/* FATAL, and failures: one sentence */
};

enum npsd_msg_what {
	NPSD_MSG_RECORD,
	NPSD_MSG_END /* end of the partition as of now: next offset in offset */,
	NPSD_MSG_GONE /* the wanted offset does not exist: retention or truncation */
};

struct npsd_msg {
	enum npsd_msg_what what;
	struct npsd_tp tp;
	int64_t offset;
	int64_t record_ms; /* the record's timestamp */
	const void *value; /* NULL: tombstone; else readable as decode.h says */
	size_t len;
	void *held;	     /* the broker's; released with the message */
	const void *headers; /* the broker's: asked by headers(); NULL: the record has none */
};

struct npsd_broker {
	void *self;

	/* --- Thread: group --- */
	/* True and *out, or false after wait_ms or earlier when woken. */
	bool (*poll)(void *self, struct npsd_broker_event *out, int wait_ms);
	void (*wake)(void *self); /* Thread: any */
	/* Starts delivery of exactly these, each at its offset, to worker `part % workers`. No worker may be
	 * fetching. */
	bool (*assign)(void *self, const struct npsd_offset *tps, size_t n);
	/* Ends delivery: what was fetched and not delivered is dropped. No worker may be fetching. */
	void (*unassign)(void *self);
	/* Under the present generation; completes as NPSD_B_COMMITTED. */
	bool (*commit)(void *self, uint64_t tag, const struct npsd_offset *tps, size_t n);
	/* Completes as NPSD_B_ENDS. False: no room now. Waits: never */
	bool (*ends)(void *self, uint64_t tag, struct npsd_tp tp);
	/* Completes as NPSD_B_TOPIC. False: no room now. Waits: never */
	bool (*describe)(void *self, uint64_t tag, int32_t topic);
	/* The offset after the last record, committed or not, as of the last fetch; -1: unknown. Waits: never
	 */
	int64_t (*high)(void *self, struct npsd_tp tp);
	/* Reads records from..to-1 once more, beside the delivery; completes as NPSD_B_RECORDS with those
	 * that Kafka holds. Where it holds no record `from`, records after it may be missing. False: not now.
	 * Waits: never */
	bool (*records)(void *self, uint64_t tag, struct npsd_tp tp, int64_t from, int64_t to);

	/* --- Thread: worker (each its own number) --- */
	/* Up to max messages; 0 after wait_ms or earlier when woken. */
	size_t (*fetch)(void *self, int worker, struct npsd_msg *out, size_t max, int wait_ms);
	/* The headers of a message that npsd reads, valid until its release; only for one that has any. */
	void (*headers)(void *self, struct npsd_headers *out, const struct npsd_msg *msg);
	/*
	 * Copies a rejected record to rejects.topic, with the reason and the place: field may be NULL, at is
	 * the byte in its value. The pointer may be NULL: nothing is copied. Waits: never; losses are counted
	 * and logged
	 */
	void (*reject)(
	    void *self, const struct npsd_msg *msg, const char *reason, const char *field, uint32_t at);
	/* The values of these messages are not read any more. */
	void (*release)(void *self, struct npsd_msg *msgs, size_t n);
	void (*wake_worker)(void *self, int worker); /* Thread: any */
};

#endif
