/* The commit component alone: rings, a clock that stands still, and a store that replies what the test gives.
 */
#ifndef HELP_COMMIT_H
#define HELP_COMMIT_H

#include "npsd/pipeline.h"

#define HELP_CALLS 64
#define HELP_MINE "mmmmmmmmmmmmmmmm"

struct help_sent {
	uint64_t tag;
	enum npsd_script script;
	char *text; /* keys and arguments, joined by `|`, `||` between the two; bytes 0 as `.` */
};

struct help_desk {
	struct npsd_config cfg;
	struct npsd_pipeline pl;
	struct npsd_commit *c;
	struct npsd_names *names;
	int64_t now_ms;
	uint32_t session;
	uint32_t connection;
	struct help_sent sent[HELP_CALLS]; /* all calls, oldest first */
	int nsent;
	struct npsd_done ready[HELP_CALLS]; /* completions that the store hands out next */
	int nready;
	int wakes_group, wakes_worker, wakes_fold;
};

/* Two workers; session 1 has begun. store: NULL for one that the test answers. */
void help_desk_open(struct help_desk *d, const struct npsd_store *store);
void help_desk_close(struct help_desk *d);
/* Steps until nothing is left to do. */
void help_desk_step(struct help_desk *d);

/* Sends a command. The one that came back is freed, its `ok` returned; false: none came back. */
void help_command(struct help_desk *d, const struct npsd_command *o);
bool help_command_back(struct help_desk *d, bool *ok);
void help_acquire(struct help_desk *d, int32_t part, int64_t offset);
/* A recovery: begins the next session. names: NULL to keep the present copy. */
void help_reset(struct help_desk *d, struct npsd_names *names);

/* A batch of one partition of topic `t`, from one offset to another. Owns: the caller frees with
 * help_batch_free */
struct npsd_batch *help_batch(const struct help_desk *d, int32_t part, int64_t from, int64_t to);
void help_batch_free(struct npsd_batch *b);
struct npsd_admission *help_admission(const struct help_desk *d, const char *const *channels, int n);
void help_admission_free(struct npsd_admission *values);
void help_request(struct help_desk *d, int worker, struct npsd_request *req); /* worker 2: fold */
/* `done`, `dropped`, or `none` if none came back. */
const char *help_request_back(struct help_desk *d, int worker);

/* Completes the last call but n. words: the reply's texts. */
void help_answer(struct help_desk *d, int n, const char *const *words, size_t nwords);
void help_fail(struct help_desk *d, int n, enum npsd_outcome outcome);
void help_reply(struct help_desk *d, int n, const struct npsd_reply *reply);

#endif
