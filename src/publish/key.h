/* Window keys `PFX:v:{SEG}`: all windows of a segment, written together. */
#ifndef NPSD_PUBLISH_KEY_H
#define NPSD_PUBLISH_KEY_H

#include "base/array.h"
#include "publish/context.h"

struct npsd_keys {
	struct npsd_key_state {
		uint16_t shown; /* bit w: window w is in the key, as last submitted */
		bool may_hold;	/* the key may hold windows */
	} * key;
	uint32_t n, cap;
	uint32_t nflight; /* calls in flight */
	struct npsd_key_flight {
		uint32_t seg;
		uint16_t shown;
		int32_t lo[NPSD_MAX_WINDOWS]; /* scores, for the ranks */
	} flight[NPSD_KEYS_FLIGHT];
};

enum npsd_key_outcome {
	NPSD_KEY_SUBMITTED,
	NPSD_KEY_NOTHING, /* no window to show, and none in the key */
	NPSD_KEY_NO_ROOM, /* in the store */
};

/* Thread: owner, for all */
void npsd_keys_reset(struct npsd_keys *k);
/* What a turn of t moves: windows in the key of segment i, as last submitted. */
uint16_t npsd_key_shown(struct npsd_keys *k, uint32_t i);
/* The key of segment i may hold windows, whatever was acknowledged. */
void npsd_key_doubt(struct npsd_keys *k, uint32_t i);
/* Writes the key of segment i with that rev. */
enum npsd_key_outcome npsd_key_write(
    struct npsd_keys *k, struct npsd_pub_context *c, uint32_t i, const char *rev);
/* The call of that place ended. False: the key must be written again. */
bool npsd_key_done(struct npsd_keys *k, struct npsd_pub_context *c, const struct npsd_done *done, int flight);

/* Whether segment i counts something in a window or in the window before it. */
bool npsd_seg_holds(const struct npsd_pub_context *c, uint32_t i);
/* How long the name of segment i is, in dimensions and levels: its class in `struct npsd_due`. */
int npsd_seg_class(const struct npsd_pub_context *c, uint32_t i);

#endif
