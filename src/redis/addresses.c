#include "redis/addresses.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

static void add_unix(struct npsd_addresses *r)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&r->address[0].to;

	_Static_assert(sizeof r->url->path <= sizeof un->sun_path, "a path fits");
	r->address[0] = (struct npsd_address){.n = sizeof *un};
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, r->url->path, sizeof r->url->path);
	r->n = 1;
}

static void add(struct npsd_addresses *r, const struct addrinfo *a)
{
	struct npsd_address *to = &r->address[r->n];
	char host[64], port[8];

	if (r->n == NPSD_ADDRESSES_MAX || a->ai_addrlen > sizeof to->to)
		return;
	*to = (struct npsd_address){.n = a->ai_addrlen};
	memcpy(&to->to, a->ai_addr, a->ai_addrlen);
	if (getnameinfo(a->ai_addr, a->ai_addrlen, host, sizeof host, port, sizeof port,
		NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		snprintf(to->text, sizeof to->text, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
	r->n++;
}

/* Moves the addresses up to `last` to the end. */
static void move_last(struct npsd_addresses *r)
{
	struct npsd_address moved;

	for (int i = 0; i < r->n; i++) {
		if (r->last.n != r->address[i].n || memcmp(&r->last.to, &r->address[i].to, r->last.n) != 0)
			continue;
		for (; i >= 0; i--) {
			moved = r->address[0];
			memmove(r->address, r->address + 1, (size_t)(r->n - 1) * sizeof moved);
			r->address[r->n - 1] = moved;
		}
		return;
	}
}

static bool resolve(struct npsd_addresses *r, struct npsd_err *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	int code = getaddrinfo(r->host.name, r->host.port, &hints, &list);

	if (code != 0)
		return npsd_fail(err, NPSD_RETRY, 0, "%s%s: %s", r->sentinel ? "Sentinel " : "", r->host.name,
		    gai_strerror(code));
	for (const struct addrinfo *a = list; a; a = a->ai_next)
		add(r, a);
	freeaddrinfo(list);
	move_last(r);
	return r->n > 0 || npsd_fail(err, NPSD_RETRY, 0, "%s: no address", r->host.name);
}

static bool use_host(
    struct npsd_addresses *r, const struct npsd_redis_host *host, bool sentinel, struct npsd_err *err)
{
	r->host = *host;
	r->sentinel = sentinel;
	r->n = r->next = 0;
	return resolve(r, err);
}

void npsd_addresses_begin(struct npsd_addresses *r, bool elsewhere)
{
	if (elsewhere && r->next > 0)
		r->last = *npsd_addresses_address(r);
	r->first = r->answered;
	if (elsewhere && r->url->nhosts > 1)
		r->first = (r->first + 1) % r->url->nhosts;
	r->tried = r->n = r->next = 0;
	r->named.name[0] = 0;
}

static bool next_host(struct npsd_addresses *r, struct npsd_err *err)
{
	int i = r->tried++;

	if (r->url->path[0]) {
		add_unix(r);
		return true;
	}
	i = (r->first + i) % r->url->nhosts;
	return use_host(r, &r->url->host[i], r->url->master[0] != 0, err);
}

bool npsd_addresses_more(const struct npsd_addresses *r)
{
	return r->next < r->n || r->tried < r->url->nhosts || r->sentinel;
}

enum npsd_addresses_step npsd_addresses_next(struct npsd_addresses *r, struct npsd_err *err)
{
	if (r->next == r->n) {
		if (r->tried > 0 && r->tried >= r->url->nhosts)
			return NPSD_ADDRESSES_END;
		if (!next_host(r, err))
			return NPSD_ADDRESSES_UNKNOWN;
	}
	r->next++;
	return NPSD_ADDRESSES_TRY;
}

const struct npsd_address *npsd_addresses_address(const struct npsd_addresses *r)
{
	return &r->address[r->next - 1];
}

const char *npsd_addresses_text(const struct npsd_addresses *r, const char *where)
{
	const char *text = npsd_addresses_address(r)->text;

	return strncmp(where, text, strlen(text)) == 0 ? "" : text;
}

bool npsd_addresses_named(
    struct npsd_addresses *r, const struct npsd_redis_host *server, struct npsd_err *err)
{
	r->answered = (r->first + r->tried - 1) % r->url->nhosts;
	r->n = r->next = 0;
	if (strcmp(r->named.name, server->name) == 0 && strcmp(r->named.port, server->port) == 0)
		return true;
	r->named = *server;
	return use_host(r, server, false, err);
}
