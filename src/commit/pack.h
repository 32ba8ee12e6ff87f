/* Which keys and arguments each call of commit has; their order stands at the head of each script. What the
 * calls are made of must stay until the last submit. Thread: commit, for all */
#ifndef COMMIT_PACK_H
#define COMMIT_PACK_H

#include "commit/held.h"
#include "script/build.h"

#define PACK_TEXT_MAX (64u << 20)

void pack_commit(struct npsd_script_build *b, const struct npsd_names *names, const struct npsd_batch *batch,
    int64_t wall_ms);
/* Without values: reads the entries after the copy's last one. */
void pack_admit(
    struct npsd_script_build *b, const struct npsd_names *names, const struct npsd_admission *values);
/* All partitions held that are not busy. */
void pack_fence_check(struct npsd_script_build *b, const struct npsd_names *names, const struct held *held);

#endif
