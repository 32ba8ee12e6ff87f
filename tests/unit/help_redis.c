#include "help_redis.h"

#include <criterion/criterion.h>
#include <hiredis/hiredis.h>
#include <arpa/inet.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "npsd/clock.h"
#include "npsd/redis.h"

#define LIMIT_MS 20000
#define MAX_WORDS 64

static int64_t now_ms(void)
{
	return npsd_clock_system.mono_ms(NULL);
}

/* A text that the caller need not free: one of four that take turns. */
static struct npsd_buf *turn(void)
{
	static struct npsd_buf texts[4];
	static int next;
	struct npsd_buf *b = &texts[next++ % 4];

	npsd_buf_free(b);
	npsd_buf_init(b, 64u << 20);
	return b;
}

static const char *whole(struct npsd_buf *b)
{
	npsd_buf_add(b, "", 1);
	return b->p;
}

static void run_server(struct help_redis *r, const char *const *options)
{
	const char *words[MAX_WORDS] = {"redis-server", "--port", "0", "--unixsocket", r->sock, "--save", "",
	    "--dir", r->dir, "--logfile", "/dev/null"};
	int n = 11;

	for (; options && *options && n < MAX_WORDS - 1; options++)
		words[n++] = *options;
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* it goes with the test, whatever becomes of that */
	execvp(words[0], (char *const *)(uintptr_t)words);
	_exit(127);
}

void help_redis_again(struct help_redis *r, const char *const *options)
{
	int64_t until = now_ms() + LIMIT_MS;

	r->pid = fork();
	cr_assert(r->pid >= 0);
	if (r->pid == 0)
		run_server(r, options);
	do {
		const struct timespec pause = {0, 2000000};

		if (r->plain)
			redisFree(r->plain);
		nanosleep(&pause, NULL); /* between two tries, until LIMIT_MS */
		r->plain = redisConnectUnix(r->sock);
	} while ((!r->plain || r->plain->err) && now_ms() < until);
	cr_assert(r->plain && !r->plain->err, "no redis-server: is it installed?");
}

struct help_port help_redis_port(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	static int calls;
	struct help_port port;

	for (int tries = 0; tries < 1000; tries++) {
		int p = 20000 + (getpid() * 7 + calls++) % 12000, fd = socket(AF_INET, SOCK_STREAM, 0);
		bool is_free;

		to.sin_port = htons((uint16_t)p);
		is_free = bind(fd, (const struct sockaddr *)&to, sizeof to) == 0;
		close(fd);
		snprintf(port.text, sizeof port.text, "%d", p);
		if (is_free)
			return port;
	}
	cr_assert(false, "no free port");
	return port;
}

void help_redis_start(struct help_redis *r, const char *const *options)
{
	*r = (struct help_redis){.dir = "/tmp/npsd-redis-XXXXXX"};
	cr_assert(mkdtemp(r->dir));
	snprintf(r->sock, sizeof r->sock, "%s/s", r->dir);
	snprintf(r->url, sizeof r->url, "unix://%s", r->sock);
	help_redis_again(r, options);
}

void help_redis_kill(struct help_redis *r)
{
	kill(r->pid, SIGKILL);
	waitpid(r->pid, NULL, 0);
	r->pid = 0;
	unlink(r->sock);
}

void help_redis_stop(struct help_redis *r)
{
	if (r->pid)
		help_redis_kill(r);
	redisFree(r->plain);
	cr_expect_eq(rmdir(r->dir), 0);
}

static void add_raw(struct npsd_buf *b, const redisReply *r)
{
	switch (r->type) {
	case REDIS_REPLY_ERROR:
		npsd_buf_addz(b, "!");
		/* fall through */
	case REDIS_REPLY_STRING:
	case REDIS_REPLY_STATUS:
		npsd_buf_add(b, r->str, (size_t)r->len);
		break;
	case REDIS_REPLY_INTEGER:
		npsd_buf_addf(b, "%lld", r->integer);
		break;
	case REDIS_REPLY_ARRAY:
		npsd_buf_addz(b, "[");
		for (size_t i = 0; i < r->elements; i++) {
			npsd_buf_addz(b, i ? " " : "");
			add_raw(b, r->element[i]);
		}
		npsd_buf_addz(b, "]");
		break;
	default:
		npsd_buf_addz(b, "nil");
	}
}

const char *help_redis_do(struct help_redis *r, ...)
{
	const char *words[MAX_WORDS];
	struct npsd_buf *b = turn();
	redisReply *reply;
	int n = 0;
	va_list ap;

	va_start(ap, r);
	while (n < MAX_WORDS && (words[n] = va_arg(ap, const char *)) != NULL)
		n++;
	va_end(ap);
	reply = redisCommandArgv(r->plain, n, words, NULL);
	cr_assert(reply, "redis-server does not answer");
	add_raw(b, reply);
	freeReplyObject(reply);
	return whole(b);
}

const char *help_redis_next(struct help_redis *r)
{
	struct npsd_buf *b = turn();
	void *reply = NULL;

	cr_assert_eq(redisGetReply(r->plain, &reply), REDIS_OK);
	add_raw(b, reply);
	freeReplyObject(reply);
	return whole(b);
}

void help_store_open(struct npsd_store *out, const struct help_redis *r, int timeout_ms)
{
	struct npsd_config cfg = {.redis_url = r->url, .redis_timeout_ms = timeout_ms, .prefix = "nps"};
	struct npsd_err err = {.code = NPSD_OK};

	cr_assert(npsd_redis_open(out, &cfg, "test", &err), "%s", err.text);
}

static void add_reply(struct npsd_buf *b, const struct npsd_reply *r)
{
	switch (r->type) {
	case NPSD_REPLY_STR:
		npsd_buf_add(b, r->str, r->len);
		break;
	case NPSD_REPLY_INT:
		npsd_buf_addf(b, "%lld", (long long)r->integer);
		break;
	case NPSD_REPLY_ARRAY:
		npsd_buf_addz(b, "[");
		for (size_t i = 0; i < r->n; i++) {
			npsd_buf_addz(b, i ? " " : "");
			add_reply(b, &r->el[i]);
		}
		npsd_buf_addz(b, "]");
		break;
	default:
		npsd_buf_addz(b, "nil");
	}
}

const char *help_done_text(const struct npsd_done *done)
{
	struct npsd_buf *b = turn();

	if (done->outcome == NPSD_DONE)
		add_reply(b, done->reply);
	else
		npsd_buf_addf(b, "%s%s",
		    done->outcome == NPSD_LOST	     ? "lost"
		    : done->outcome == NPSD_CANT_NOW ? "cannot now: "
						     : "broken: ",
		    done->outcome == NPSD_LOST ? "" : done->text);
	return whole(b);
}

const char *help_store_call(struct npsd_store *store, enum npsd_script script, const char *const *keys,
    size_t nkeys, const char *const *args, size_t nargs)
{
	struct npsd_arg *k = calloc(nkeys + nargs + 1, sizeof *k), *a = k + nkeys;
	struct npsd_call call = {
	    .tag = 1, .script = script, .keys = k, .nkeys = nkeys, .args = a, .nargs = nargs};
	struct npsd_done done;
	int64_t until = now_ms() + LIMIT_MS;

	for (size_t i = 0; i < nkeys; i++)
		k[i] = (struct npsd_arg){keys[i], strlen(keys[i])};
	for (size_t i = 0; i < nargs; i++)
		a[i] = (struct npsd_arg){args[i], strlen(args[i])};
	cr_assert(store->submit(store->self, &call));
	free(k);
	while (!store->poll(store->self, &done, 100))
		cr_assert(now_ms() < until, "no completion");
	cr_assert_eq(done.tag, 1);
	return help_done_text(&done);
}
