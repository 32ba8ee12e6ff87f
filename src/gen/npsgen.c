#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "gen/account.h"
#include "gen/cmdline.h"
#include "gen/gen.h"
#include "npsd/clock.h"

static void on_signal(int number)
{
	(void)number;
	npsd_store_relaxed(&gen_stopped, 1);
}

static void catch_signals(void)
{
	struct sigaction stop = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

/* A line cannot hold a line feed or headers, and an empty line would be an empty value, not a tombstone. */
static bool fits_line(const struct gen_record *rec)
{
	return rec->value.p && rec->nheaders == 0 && !memchr(rec->value.p, '\n', rec->value.n);
}

static bool check_stdout(struct npsd_err *err, bool ok)
{
	return ok || npsd_fail(err, NPSD_RETRY, errno, "cannot write standard output");
}

static bool send_line(struct npsd_err *err, const struct gen_record *rec)
{
	bool ok = fwrite(rec->value.p, 1, rec->value.n, stdout) == rec->value.n && putchar('\n') != EOF;

	return check_stdout(err, ok);
}

/* Waits until record seq is due. kafka is NULL: the records go to standard output. */
static void keep_rate(struct gen_kafka *kafka, uint64_t rate, uint64_t seq, int64_t start_mono_ms)
{
	const struct npsd_clock *clock = &npsd_clock_system;
	int64_t due_mono_ms = start_mono_ms + (int64_t)((__int128)seq * 1000 / rate);

	while (!npsd_load_relaxed(&gen_stopped)) {
		int64_t left = due_mono_ms - clock->mono_ms(clock->self);

		if (left <= 0)
			return;
		if (kafka)
			gen_kafka_poll(kafka, left < 50 ? (int)left : 50);
		else
			fflush(stdout);
		left = due_mono_ms - clock->mono_ms(clock->self);
		if (left > 0)
			poll(NULL, 0, left < 20 ? (int)left : 20);
	}
}

static bool send_all(
    const struct gen_command *cmd, struct npsd_err *err, struct gen_kafka *kafka, struct gen_account *account)
{
	const struct npsd_clock *clock = &npsd_clock_system;
	struct gen *g = gen_new(&cmd->core);
	int64_t start_mono_ms = clock->mono_ms(clock->self);
	struct gen_record rec;
	uint64_t sent = 0;
	bool ok = true;

	while (ok && !npsd_load_relaxed(&gen_stopped) && gen_next(g, &rec)) {
		if (cmd->rate)
			keep_rate(kafka, cmd->rate, rec.seq, start_mono_ms);
		if (!kafka && !fits_line(&rec))
			continue;
		ok = kafka ? gen_kafka_send(kafka, err, &rec) : send_line(err, &rec);
		if (ok && account)
			ok = gen_account_add(account, err, gen_catalog(g), &rec);
		sent += ok;
	}
	ok = ok && (kafka ? gen_kafka_finish(kafka, err) : check_stdout(err, fflush(stdout) == 0));
	gen_free(&g);
	if (ok)
		fprintf(stderr, "npsgen: %llu records in %.1f s\n", (unsigned long long)sent,
		    (double)(clock->mono_ms(clock->self) - start_mono_ms) / 1000);
	return ok;
}

/* The mock cluster ends with this process. */
static void wait_for_end(void)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	char ignored[256];

	while (!npsd_load_relaxed(&gen_stopped))
		if (poll(&in, 1, 200) > 0 && read(STDIN_FILENO, ignored, sizeof(ignored)) <= 0)
			return;
}

/* The first line of the account: the options that reproduce the records. */
static void describe(char *out, size_t n, const struct gen_command *cmd)
{
	const struct gen_options *o = &cmd->core;

	snprintf(out, n,
	    "{\"run\":{\"version\":\"%s\",\"seed\":%llu,\"events\":%lld,\"start_ms\":%lld,\"step_us\":%lld,"
	    "\"locations\":%u,\"duplicates_ppm\":%u,\"edits_ppm\":%u,\"updates_ppm\":%u,\"retractions_ppm\":%"
	    "u,"
	    "\"funnel_ppm\":%u,\"late_ppm\":%u,\"bad_ppm\":%u,\"cloudevents_ppm\":%u,\"frames_ppm\":%u,"
	    "\"topic\":\"%s\",\"made_ms\":%lld}}",
	    NPSD_VERSION, (unsigned long long)o->seed, (long long)o->events, (long long)o->start_ms,
	    (long long)o->step_us, o->locations, o->duplicates, o->edits, o->updates, o->retractions,
	    o->funnel, o->late, o->bad, o->cloudevents, o->frames, cmd->kafka.topic,
	    (long long)npsd_clock_system.wall_ms(npsd_clock_system.self));
}

static bool produce(const struct gen_command *cmd, struct npsd_err *err)
{
	static char buffer[1 << 18];
	struct gen_kafka *kafka = NULL;
	struct gen_account *account = NULL;
	const char *bootstrap = NULL;
	char options[1024];
	bool ok;

	if (cmd->to_stdout)
		setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	else if (!(kafka = gen_kafka_open(&bootstrap, err, &cmd->kafka)))
		return false;
	if (cmd->kafka.mock_partitions) {
		printf("bootstrap=%s\n", bootstrap);
		fflush(stdout);
	}
	describe(options, sizeof(options), cmd);
	if (cmd->account)
		account = gen_account_open(err, cmd->account, options);
	ok = err->code == NPSD_OK && send_all(cmd, err, kafka, account);
	ok = gen_account_close(&account, err) && ok;
	if (ok && cmd->kafka.mock_partitions)
		wait_for_end();
	gen_kafka_free(kafka);
	return ok;
}

int main(int argc, char **argv)
{
	struct gen_command cmd;
	struct npsd_err err = {0};

	catch_signals();
	if (gen_cmdline_read(&cmd, &err, argc, argv, npsd_clock_system.wall_ms(npsd_clock_system.self))) {
		if (cmd.help) {
			gen_cmdline_help();
			return 0;
		}
		produce(&cmd, &err);
	}
	if (err.code)
		fprintf(stderr, "npsgen: %s%s%s\n", err.text, err.sys ? ": " : "",
		    err.sys ? strerror(err.sys) : "");
	return err.code == NPSD_OK ? 0 : err.code == NPSD_INVALID ? 2 : 1;
}
