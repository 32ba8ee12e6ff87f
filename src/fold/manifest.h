/*
 * The manifest of a shard's current snapshot as it is stored: nine fields, and one field per chunk,
 * `chunk:SLICE/STEP_S/SPAN` -> `K-EPOCH-NUMBER`. Thread: fold, for all
 */
#ifndef NPSD_FOLD_MANIFEST_H
#define NPSD_FOLD_MANIFEST_H

#include "fold/counts.h"
#include "script/build.h"
#include "script/result.h"

#define NPSD_VERSION_TEXT 48

struct npsd_manifest {
	char version[NPSD_VERSION_TEXT]; /* `EPOCH-SEQ`; empty: there is no manifest */
	int64_t seq;
	struct npsd_dict_mark dict; /* as loaded: ids in its chunks are less than dict.len + NPSD_ID_FIRST */
};

void npsd_manifest_version(char out[NPSD_VERSION_TEXT], int64_t epoch, int64_t seq);
/*
 * Reads what shard_acquire returns into the manifest, and position, t, progress and chunks into counts that
 * have just begun. False: npsd cannot have written it, and the counts are not to be used.
 */
bool npsd_manifest_read(struct npsd_manifest *m, struct npsd_counts *c, const struct npsd_reply *fields);
void npsd_manifest_add_field(
    struct npsd_script_build *call, const struct npsd_counts *c, struct npsd_chunk_key key);

#endif
