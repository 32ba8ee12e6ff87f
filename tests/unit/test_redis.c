/* The production store against a private redis-server. */
#include <criterion/criterion.h>
#include <hiredis/hiredis.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "help_redis.h"
#include "npsd/client.h"
#include "npsd/clock.h"
#include "npsd/redis.h"

static const char *const keys[] = {"{nps:alerts}:fence", "{nps:alerts}:dict"};
static const char *const empty_check[] = {"hash", "0", ""};

static const char *check(struct npsd_store *s)
{
	return help_store_call(s, NPSD_S_fence_check, keys, 2, empty_check, 3);
}

static bool submit_check_on(struct npsd_store *s, uint64_t tag, uint32_t connection)
{
	struct npsd_arg k[2], a[3] = {{"hash", 4}, {"0", 1}, {"", 0}};
	struct npsd_call call = {tag, NPSD_S_fence_check, k, 2, a, 3, connection};

	for (int i = 0; i < 2; i++)
		k[i] = (struct npsd_arg){keys[i], strlen(keys[i])};
	return s->submit(s->self, &call);
}

static bool submit_check(struct npsd_store *s, uint64_t tag)
{
	return submit_check_on(s, tag, 0);
}

/* One command of a plain client; what failed is added to err. */
static bool ask(
    char *url, struct npsd_err *err, int timeout_ms, int block_ms, int argc, const char *const *argv)
{
	struct npsd_config cfg = {.redis_url = url, .redis_timeout_ms = timeout_ms, .prefix = "nps"};
	struct npsd_client *c;
	bool ok = npsd_client_open(&c, &cfg, err) && npsd_client_command(c, err, block_ms, argc, argv);

	npsd_client_close(&c);
	return ok;
}

static struct npsd_done next(struct npsd_store *s)
{
	int64_t until = npsd_clock_system.mono_ms(NULL) + 20000;
	struct npsd_done done;

	while (!s->poll(s->self, &done, 50))
		cr_assert(npsd_clock_system.mono_ms(NULL) < until, "no completion");
	return done;
}

Test(redis, calls_are_answered_and_the_connection_counted)
{
	struct help_redis r;
	struct npsd_store s;

	help_redis_start(&r, NULL);
	help_store_open(&s, &r, 5000);
	cr_expect_eq(s.connection(s.self), 0);
	cr_expect_str_eq(check(&s), "[refused empty]");
	cr_expect_eq(s.connection(s.self), 1);
	npsd_redis_close(&s);
	help_redis_stop(&r);
}

Test(redis, many_calls_are_in_flight_but_not_too_many)
{
	struct help_redis r;
	struct npsd_store s;
	uint64_t sum = 0, n = 0;

	help_redis_start(&r, NULL);
	help_store_open(&s, &r, 5000);
	while (submit_check(&s, n + 1))
		n++;
	cr_expect_eq(n, NPSD_REDIS_CALLS);
	for (uint64_t i = 0; i < n; i++) {
		struct npsd_done done = next(&s);

		cr_expect_eq(done.outcome, NPSD_DONE);
		sum += done.tag;
	}
	cr_expect_eq(sum, n * (n + 1) / 2);
	cr_expect(submit_check(&s, 1));
	npsd_redis_close(&s);
	help_redis_stop(&r);
}

Test(redis, scripts_that_the_server_forgot_are_loaded_and_called_again)
{
	struct help_redis r;
	struct npsd_store s;

	help_redis_start(&r, NULL);
	help_store_open(&s, &r, 5000);
	check(&s);
	for (int i = 0; i < 5; i++) {
		help_redis_do(&r, "SCRIPT", "FLUSH", NULL);
		cr_expect_str_eq(check(&s), "[refused empty]");
	}
	cr_expect_eq(s.connection(s.self), 1);
	npsd_redis_close(&s);
	help_redis_stop(&r);
}

Test(redis, what_gets_no_reply_is_lost_and_what_was_not_sent_cannot_be_now)
{
	struct help_redis r;
	struct npsd_store s;
	struct npsd_done done;

	help_redis_start(&r, NULL);
	help_store_open(&s, &r, 300);
	check(&s);
	kill(r.pid, SIGSTOP);
	cr_expect(submit_check(&s, 7));
	done = next(&s);
	cr_expect_eq(done.tag, 7);
	cr_expect_eq(done.outcome, NPSD_LOST);
	kill(r.pid, SIGCONT);
	cr_expect_str_eq(check(&s), "[refused empty]");
	cr_expect_eq(s.connection(s.self), 2);
	help_redis_kill(&r);
	while (s.poll(s.self, &done, 10))
		;
	cr_expect(submit_check(&s, 8));
	done = next(&s);
	cr_expect_eq(done.tag, 8);
	cr_expect_eq(done.outcome, NPSD_CANT_NOW, "%s", done.text);
	help_redis_again(&r, NULL);
	for (int tries = 0; tries < 100 && strncmp(check(&s), "cannot now: ", 12) == 0; tries++)
		;
	cr_expect_str_eq(check(&s), "[refused empty]");
	cr_expect_eq(s.connection(s.self), 3);
	npsd_redis_close(&s);
	help_redis_stop(&r);
}

/* Another server may not have what was written on the connection before. */
Test(redis, a_call_for_one_connection_is_sent_on_no_other)
{
	struct help_redis r;
	struct npsd_store s;
	struct npsd_done done;

	help_redis_start(&r, NULL);
	help_store_open(&s, &r, 10000);
	check(&s);
	cr_assert_eq(s.connection(s.self), 1);
	cr_assert(submit_check_on(&s, 5, 1));
	cr_expect_eq(next(&s).outcome, NPSD_DONE);
	help_redis_kill(&r);
	cr_expect_not(s.poll(s.self, &done, 20), "it notices that the server is gone");
	cr_assert(submit_check_on(&s, 6, 1));
	cr_assert(submit_check_on(&s, 7, 0));
	help_redis_again(&r, NULL);
	done = next(&s);
	cr_expect_eq(done.tag, 6);
	cr_expect_eq(done.outcome, NPSD_CANT_NOW, "%d", (int)done.outcome);
	done = next(&s);
	cr_expect_eq(done.tag, 7);
	cr_expect_eq(done.outcome, NPSD_DONE);
	npsd_redis_close(&s);
	help_redis_stop(&r);
}

Test(redis, a_login_that_fails_is_broken)
{
	static const char *const with_password[] = {"--requirepass", "secret", NULL};
	struct help_redis r;
	struct npsd_store s;
	char plain[96];

	help_redis_start(&r, with_password);
	help_store_open(&s, &r, 5000);
	cr_expect(strstr(check(&s), "broken: NOAUTH") != NULL);
	npsd_redis_close(&s);
	snprintf(plain, sizeof plain, "%s", r.url);
	snprintf(r.url, sizeof r.url, "unix://:secret@%.80s", r.sock);
	help_store_open(&s, &r, 5000);
	cr_expect_str_eq(check(&s), "[refused empty]");
	npsd_redis_close(&s);
	help_redis_stop(&r);
}

Test(redis, a_server_out_of_memory_cannot_now)
{
	static const char *const base_keys[] = {
	    "{nps:alerts}:fence", "{nps:alerts}:dict", "{nps:alerts}:config", "{nps:alerts}:rulings:t/0"};
	static const char *const args[] = {
	    "hash", "0", "", "text", "t/0", "0:0", "0123456789abcdef", "t", "0", "1", "0:0"};
	struct help_redis r;
	struct npsd_store s;

	help_redis_start(&r, NULL);
	help_store_open(&s, &r, 5000);
	help_redis_do(&r, "CONFIG", "SET", "maxmemory", "1", NULL);
	cr_expect(strstr(help_store_call(&s, NPSD_S_base, base_keys, 4, args, 11), "cannot now: ") != NULL);
	help_redis_do(&r, "CONFIG", "SET", "maxmemory", "0", NULL);
	cr_expect_str_eq(help_redis_do(&r, "DBSIZE", NULL), "0");
	npsd_redis_close(&s);
	help_redis_stop(&r);
}

/* Until the server has cut a connection that is idle since this call. s: is polled meanwhile; NULL: none */
static void wait_for_cut(struct help_redis *r, struct npsd_store *s)
{
	const struct timespec pause = {0, 20000000};
	int64_t until = npsd_clock_system.mono_ms(NULL) + 60000;
	redisContext *idle = redisConnectUnix(r->sock);
	struct npsd_done done;
	char byte;

	cr_assert(idle && !idle->err);
	while (recv(idle->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0) {
		if (s)
			cr_expect_not(s->poll(s->self, &done, 20));
		else
			nanosleep(&pause, NULL); /* between two looks, until the limit */
		cr_assert(npsd_clock_system.mono_ms(NULL) < until, "the server cuts no idle connection");
	}
	redisFree(idle);
}

/* `timeout 1` of redis.conf. Another connection tells when one without a PING is cut; the second of two began
 * when the store's was idle already. */
Test(redis, an_idle_connection_is_kept_or_else_made_again_in_silence)
{
	static const char *const options[] = {"--timeout", "1", NULL};
	char log[] = "/tmp/npsd-log-XXXXXX", text[4096];
	struct help_redis r;
	struct npsd_store s;
	FILE *f;

	cr_assert_geq(mkstemp(log), 0);
	cr_assert(freopen(log, "w", stderr));
	help_redis_start(&r, options);
	help_store_open(&s, &r, 5000);
	check(&s);
	for (int i = 0; i < 2; i++)
		wait_for_cut(&r, &s);
	cr_expect_eq(s.connection(s.self), 1);
	for (int i = 0; i < 2; i++)
		wait_for_cut(&r, NULL);
	cr_expect_str_eq(check(&s), "[refused empty]");
	cr_expect_eq(s.connection(s.self), 2);
	npsd_redis_close(&s);
	help_redis_stop(&r);
	f = fopen(log, "r");
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	fclose(f);
	unlink(log);
	cr_expect(strstr(text, "connected") && !strstr(text, "warning"), "%s", text);
}

Test(redis, a_wake_ends_the_wait)
{
	struct help_redis r;
	struct npsd_store s;
	struct npsd_done done;
	int64_t before;

	help_redis_start(&r, NULL);
	help_store_open(&s, &r, 5000);
	check(&s);
	s.wake(s.self);
	before = npsd_clock_system.mono_ms(NULL);
	cr_expect_not(s.poll(s.self, &done, 600000));
	cr_expect_lt(npsd_clock_system.mono_ms(NULL) - before, 500000);
	npsd_redis_close(&s);
	help_redis_stop(&r);
}

/* A server that answers the first bytes of every connection with `say`, and then is silent. */
static pid_t false_server(const char *path, const char *say)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	pid_t pid;

	snprintf(un.sun_path, sizeof un.sun_path, "%s", path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
	cr_assert_eq(listen(fd, 16), 0);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			char bytes[100];
			int c = accept(fd, NULL, NULL);

			if (c < 0 || read(c, bytes, sizeof bytes) < 0 || write(c, say, strlen(say)) < 0)
				_exit(1);
		}
	}
	close(fd);
	return pid;
}

Test(redis, a_server_that_is_none_or_too_old_is_recognized)
{
	static const struct {
		const char *say, *expect;
	} rows[] = {
	    {"$20\r\nredis_version:6.0.16\r\n", "broken: Redis 6.2 or newer is needed, this is 6.0.16"},
	    {"$20\r\nredis_version:5.2.16\r\n", "broken: Redis 6.2 or newer is needed, this is 5.2.16"},
	    {"HTTP/1.1 400 Bad Request\r\n", "cannot now: no connection: a malformed reply"},
	    {"+OK\r\n*0\r\n*0\r\n-LOADING the dataset\r\n", "cannot now: no connection: LOADING the dataset"},
	    {"+OK\r\n*0\r\n*0\r\n-ERR no\r\n", "broken: ERR no"},
	    {"$17\r\ncluster_enabled:1\r\n", "broken: the server runs in cluster mode"},
	    {"$28\r\nmaxmemory_policy:allkeys-lru\r\n", "broken: maxmemory-policy is allkeys-lru: "},
	    {"-NOPERM no\r\n-ERR no\r\n-NOPERM no\r\n$2\r\nab\r\n",
		"broken: the server names a loaded script otherwise than by its SHA1"},
	    {"-ERR max number of clients reached\r\n",
		"cannot now: no connection: ERR max number of clients reached"},
	    {"-DENIED Redis is running in protected mode\r\n",
		"broken: DENIED Redis is running in protected mode"},
	    {"", "cannot now: no connection: "},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct help_redis r = {.dir = "/tmp/npsd-redis-XXXXXX"};
		struct npsd_store s;
		pid_t pid;

		cr_assert(mkdtemp(r.dir));
		snprintf(r.sock, sizeof r.sock, "%s/s", r.dir);
		snprintf(r.url, sizeof r.url, "unix://%s", r.sock);
		pid = false_server(r.sock, rows[i].say);
		help_store_open(&s, &r, 300);
		cr_expect_eq(
		    strncmp(check(&s), rows[i].expect, strlen(rows[i].expect)), 0, "%s", rows[i].expect);
		npsd_redis_close(&s);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		unlink(r.sock);
		rmdir(r.dir);
	}
}

Test(redis, a_client_logs_in_and_its_failures_have_kinds)
{
	static const char *const with_password[] = {"--requirepass", "secret", NULL};
	static const char *const time[] = {"TIME"}, *const wrong[] = {"HGETALL"},
				 *const block[] = {"BLPOP", "k", "0.4"};
	struct help_redis r;
	const struct {
		const char *url;
		int timeout_ms, block_ms, argc;
		const char *const *argv;
		enum npsd_code code;
		const char *text;
	} rows[] = {
	    {"unix://:secret@%s", 5000, 0, 1, time, NPSD_OK, ""},
	    {"unix://:secret@%s", 300, 400, 3, block, NPSD_OK, ""},
	    {"unix://:secret@%s", 300, 0, 3, block, NPSD_RETRY, "no reply within redis.timeout"},
	    {"unix://:secret@%s", 5000, 0, 1, wrong, NPSD_REFUSED, "ERR wrong number of arguments"},
	    {"unix://:other@%s", 5000, 0, 1, time, NPSD_REFUSED, "WRONGPASS"},
	    {"unix://%s", 5000, 0, 1, time, NPSD_REFUSED, "NOAUTH"},
	    {"unix://%s.not", 600000, 0, 1, time, NPSD_RETRY, "cannot connect"}, /* at once */
	    {"redis://127.0.0.1:1", 600000, 0, 1, time, NPSD_RETRY, "cannot connect"},
	    {"http://h", 5000, 0, 1, time, NPSD_INVALID, "redis.url"},
	};

	help_redis_start(&r, with_password);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct npsd_err err = {.code = NPSD_OK};
		char url[160];

		snprintf(url, sizeof url, rows[i].url, r.sock);
		ask(url, &err, rows[i].timeout_ms, rows[i].block_ms, rows[i].argc, rows[i].argv);
		cr_expect_eq(err.code, rows[i].code, "%zu: %s", i, err.text);
		cr_expect(strstr(err.text, rows[i].text) != NULL, "%zu: %s", i, err.text);
	}
	help_redis_stop(&r);
}

Test(redis, calls_and_replies_may_be_longer_than_a_socket_holds)
{
	enum { LONG = 6 << 20 };
	struct help_redis r;
	struct npsd_store s;
	char *tp = malloc(LONG + 1);
	const char *args[] = {"hash", "0", "", tp, "claim", "0:0"};
	const char *base[] = {"hash", "0", "", "text", "t/0", "0:0", "n", "t", "0", "1", "0:0"};
	const char *five[] = {"{p}f", "{p}d", "{p}c", "{p}l", "{p}r"};
	const char *reply;

	memset(tp, 'a', LONG);
	tp[LONG] = 0;
	help_redis_start(&r, NULL);
	help_store_open(&s, &r, 20000);
	help_store_call(&s, NPSD_S_base, five, 5, base, 11);
	reply = help_store_call(&s, NPSD_S_fence_check, five, 2, args, 6);
	cr_expect_eq(strlen(reply), LONG + strlen("[refused claim   ]"));
	cr_expect_eq(strncmp(reply, "[refused claim aaa", 18), 0);
	npsd_redis_close(&s);
	help_redis_stop(&r);
	free(tp);
}
