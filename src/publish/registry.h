/*
 * The registry of a shard, `keys:K`: the names of all public keys that its holders may have created, so that
 * a sweep finds those that should not be there without looking at keys of others. A name is registered with
 * the record of a round, before its key is created, and forgotten after its key is gone.
 *
 *   event                                 state (registered.h)
 *   the names go into a record            NO -> ASKED
 *   the record is acknowledged            ASKED -> YES
 *   it failed                             ASKED -> NO
 *   a sweep reads one of the names        any -> YES
 *   the record that forgets them is made  YES -> NO
 *   a new connection                      any -> NO: this server may never have got the record, and may have
 *                                         the keys that were to be forgotten. The sweep that follows
 * registers what it writes, and finds the others
 *
 * A key is created only by a call that is sent on the connection on which it was registered. So a server that
 * takes over and lacks the last writes lacks a name only if it lacks its key.
 */
#ifndef NPSD_PUBLISH_REGISTRY_H
#define NPSD_PUBLISH_REGISTRY_H

#include "base/array.h"
#include "publish/context.h"
#include "publish/pane_series.h"

#define NPSD_FORGET_SEGMENTS 200u /* in one record */

struct npsd_registry {
	struct npsd_registered now;
	struct npsd_registry_seg {
		uint32_t next;
		bool listed;
	} * seg;
	uint32_t n, cap;
	struct npsd_list idle; /* registered segments whose keys were emptied */
	uint32_t forgotten[NPSD_FORGET_SEGMENTS], nforgotten; /* by the record in flight */
};

/* Thread: owner, for all. s: the series of the shard */
void npsd_registry_reset(struct npsd_registry *r);
void npsd_registry_free(struct npsd_registry *r);
/* The connection is a new one. */
void npsd_registry_void(struct npsd_registry *r);
/* A sweep read a name of segment i. */
void npsd_registry_seen(struct npsd_registry *r, uint32_t i);
/* The window key of segment i is acknowledged, and holds no window. */
void npsd_registry_emptied(struct npsd_registry *r, uint32_t i);
/* The next record can forget a segment. */
bool npsd_registry_has_idle(
    const struct npsd_registry *r, const struct npsd_pub_context *c, const struct npsd_series *s);
/* Appends to the record that is built what segment i needs: its keys, index and ranks. True: it needs some.
 */
bool npsd_registry_add(
    struct npsd_registry *r, struct npsd_pub_context *c, const struct npsd_series *s, uint32_t i);
/* Appends what is to be forgotten. */
void npsd_registry_forget(struct npsd_registry *r, struct npsd_pub_context *c, const struct npsd_series *s);
/* The record is acknowledged, or failed. */
void npsd_registry_recorded(struct npsd_registry *r, bool ok);
bool npsd_registry_clean(const struct npsd_registry *r);

#endif
