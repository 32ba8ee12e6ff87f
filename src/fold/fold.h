/* The fold component: its step drives the parts over all shards. Thread: fold, for all */
#ifndef NPSD_FOLD_FOLD_H
#define NPSD_FOLD_FOLD_H

#include "fold/reader.h"
#include "fold/snapshot.h"

struct npsd_fold {
	struct npsd_fold_context ctx;
	struct npsd_command *reset, *flush; /* not replied to yet; reset != NULL while RESETTING */
	struct npsd_reader reader;
	struct npsd_snapshot snap;
	struct npsd_admission admission; /* of no value: it brings the rest of the dictionary */
	bool admitting;			 /* commit has the request */
	struct npsd_backoff admit_again; /* after a reply that was not enough */
	int nshards;
	struct npsd_shard shard[NPSD_MAX_SHARDS];
};

#endif
