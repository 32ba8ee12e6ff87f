/*
 * Generates the records of the topics. Each has its bytes, which npsd reads, and the same content as a
 * struct, which the recount reads.
 */
#ifndef NPSD_SIM_EVENTS_H
#define NPSD_SIM_EVENTS_H

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rng.h"
#include "setup.h"

namespace sim
{

enum class Type {
	SUBMITTED,
	UPDATED,
	RETRACTED,
	INVITED,
	DELIVERED,
	OPENED,
	DECLINED,
	BOUNCED,
	UNSUBSCRIBED
};

inline bool is_stage(Type t)
{
	return t >= Type::INVITED;
}

/* The fields that decide where a response, or a stage of an invitation, is counted. */
struct Content {
	std::optional<int> score;				/* none: a response without score */
	std::string kind, location, channel, team, owner, plan; /* empty: none */
	std::vector<std::string> themes;			/* distinct */
	std::string comment;
};

/* The fields that an event mentions. A field that is not mentioned keeps its value; an empty text clears it.
 */
struct Mentioned {
	std::optional<std::optional<int>> score; /* the inner one empty: null, a response without score */
	std::optional<std::string> kind, location, channel, team, owner, plan, comment;
	std::optional<std::vector<std::string>> themes;
};

struct Event {
	/* of an event that is rejected or ignored for its own content; empty: the recount decides */
	std::string fate, reason;
	bool before_future = false; /* the reason takes precedence over `future` */
	Type type = Type::SUBMITTED;
	bool excluded = false; /* RETRACTED, written as `excluded` in an event of another type */
	std::string id;
	int64_t revision = 0; /* 0: none */
	std::optional<int64_t> updated_ms;
	std::string
	    time_field;	      /* that holds the event time; empty: updated_at, else the record's timestamp */
	int64_t event_ms = 0; /* event time, after these fall-backs */
	bool undated = false;
	Mentioned mentioned;
};

struct Record {
	int64_t offset, ms;  /* ms: timestamp */
	int64_t produced_ms; /* clock when it was produced */
	bool tombstone = false;
	std::string value;
	Event event;
	uint64_t hash = 0; /* as npsd keeps it */
};

struct TopicPart {
	std::vector<Record> records;
	int64_t end = 0;	  /* next offset */
	std::vector<Record> lost; /* were cut and may come again, in their order */
};

/* The kinds of draws.def. */
enum Draw {
#define RECORD(name, chance, text) DRAW_##name,
#include "draws.def"
	NDRAWS
};

/* Topics and their partitions; records are appended. */
class Topics
{
      public:
	Topics(const Setup &setup, Rng &rng);
	/* Appends a record to a random partition; perhaps one that it lost, once more. */
	void produce(int64_t now_ms);
	const TopicPart &part(int topic, int part) const
	{
		return parts[(size_t)topic][(size_t)part];
	}
	TopicPart &part(int topic, int part)
	{
		return parts[(size_t)topic][(size_t)part];
	}
	int topics() const
	{
		return (int)parts.size();
	}
	int partitions() const
	{
		return (int)parts[0].size();
	}
	/* A random partition loses its last records, or all; `again`: they may come again. False: it has too
	 * few. */
	bool cut(bool all, bool again);
	bool disturbed = false; /* a partition was cut */
	int produced = 0;
	/* Of every record produced, by partition and hash; the first of equal ones. */
	std::map<std::pair<std::string, uint64_t>, Record> by_hash;
	std::array<int64_t, NDRAWS> drawn = {}; /* how often each kind was drawn */

      private:
	struct Sent {
		Event event;
		Content content; /* of the response after this event, as the producer knows it */
		std::string value;
	};
	struct Known { /* events of one partition, oldest first */
		std::string default_kind;
		std::vector<Sent> responses, invitations;
	};
	Sent draw(Known &k, int64_t ms);
	bool draws(Draw kind);
	Sent draw_response(const Known &k, int64_t ms);
	Sent draw_later(const Sent &before, const Known &k, int64_t ms);
	Sent draw_stage(const Known &k, int64_t ms);
	Content draw_content();
	void draw_time(Event &e, int64_t ms);
	void draw_revision(Event &e, int64_t ms);
	Mentioned mention_all(const Content &c, const Known &k);
	Mentioned mention_some(const Content &c);
	bool make_bad(Record &r, const Known &k);

	const Setup &setup;
	Rng &rng;
	std::vector<std::vector<TopicPart>> parts;
	std::map<std::string, Known> known; /* by `TOPIC/PARTITION` */
	int ids = 0;
};

/* The event as JSON, with a random form for times, numbers and the order of fields. */
std::string render_event(const Event &e, Rng &rng);
/* A JSON string. */
std::string render_text(const std::string &s);

} // namespace sim

#endif
