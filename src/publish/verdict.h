/* Whether a public name that stands in Redis should be there. */
#ifndef NPSD_PUBLISH_VERDICT_H
#define NPSD_PUBLISH_VERDICT_H

#include "publish/index_set.h"
#include "publish/key.h"
#include "publish/keyname.h"
#include "publish/pane_series.h"
#include "publish/rank.h"
#include "publish/registry.h"

enum npsd_orphan_kind {
	NPSD_ORPHAN_KEY, /* a window key */
	NPSD_ORPHAN_SERIES,
	NPSD_ORPHAN_LIST,  /* an index or a rank */
	NPSD_ORPHAN_MEMBER /* of an index or a rank */
};

enum npsd_name_verdict {
	NPSD_NAME_KEPT,
	NPSD_NAME_OTHERS,   /* a segment of another shard */
	NPSD_NAME_NOT_HELD, /* a segment of this shard that holds nothing */
	NPSD_NAME_UNKNOWN,  /* nothing that is configured, or a value that the copy of the dictionary lacks */
};

/* What a name is of. */
struct npsd_found {
	uint32_t seg;		   /* KEPT, NOT_HELD: a segment of this shard, made in the panes if needed */
	int shard;		   /* OTHERS */
	struct npsd_list_key list; /* KEPT: a LIST */
};

/* Whose state decides. */
struct npsd_holdings {
	struct npsd_pub_context *c;
	struct npsd_registry *registry;
	struct npsd_keys *keys;
	struct npsd_index_set *index;
	struct npsd_ranks *ranks;
	const struct npsd_series *series;
};

/* Thread: owner, for all */
/* The kind of a key `PFX:...`. */
enum npsd_orphan_kind npsd_orphan_kind(const struct npsd_config *cfg, struct npsd_str key);
/* list: that a MEMBER belongs to */
enum npsd_name_verdict npsd_name_verdict(const struct npsd_holdings *h, struct npsd_found *found,
    enum npsd_orphan_kind kind, struct npsd_list_key list, struct npsd_str name);

#endif
