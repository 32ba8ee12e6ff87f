/*
 * The generator: records of a topic and, beside the bytes, what they say. The recount looks at the struct
 * only, npsd only at the bytes.
 */
#ifndef NPSD_SIM_EVENTS_H
#define NPSD_SIM_EVENTS_H

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

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

/* What an answer, or one stage of an invitation, is counted by. */
struct Content {
	std::optional<int> score;				/* none: answered without one */
	std::string kind, location, channel, team, owner, plan; /* empty: none */
	std::vector<std::string> themes;			/* no two alike */
	std::string comment;
};

/* What one event says of it; what is not there is not mentioned, an empty text takes away what was. */
struct Said {
	std::optional<std::optional<int>> score; /* in it none: null, answered without one */
	std::optional<std::string> kind, location, channel, team, owner, plan, comment;
	std::optional<std::vector<std::string>> themes;
};

struct Event {
	std::string fate,
	    reason; /* of one that is wrong or ignored whatever came before; empty: one that is judged */
	bool before_future = false; /* the reason is asked before `future` is */
	Type type = Type::SUBMITTED;
	bool excluded = false; /* RETRACTED, said by an event of another type */
	std::string id;
	int64_t revision = 0; /* 0: none */
	std::optional<int64_t> updated_ms;
	std::string time_field; /* where its own time is told; empty: updated_at, else the record's time */
	int64_t event_ms = 0;	/* its own time, fall-backs applied */
	bool undated = false;
	Said said;
};

struct Record {
	int64_t offset, ms; /* ms: its timestamp */
	int64_t made_ms;    /* the clock when it was produced */
	bool tombstone = false;
	std::string value;
	Event event;
};

struct TopicPart {
	std::vector<Record> records;
	int64_t end = 0; /* next offset */
};

/* Topics and their partitions, growing at the end. */
class Topics
{
      public:
	Topics(const Setup &setup, Rng &rng);
	/* Appends one record somewhere. */
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
	int produced = 0;

      private:
	struct Sent {
		Event event;
		Content content; /* what the producer thinks that it is now */
		std::string value;
	};
	struct Known { /* of one partition, as last sent */
		std::string default_kind;
		std::vector<Sent> answers, invitations;
	};
	Sent draw(Known &k, int64_t ms);
	Sent draw_answer(const Known &k, int64_t ms);
	Sent draw_later(const Sent &before, const Known &k, int64_t ms);
	Sent draw_stage(const Known &k, int64_t ms);
	Content draw_content();
	void draw_time(Event &e, int64_t ms);
	void draw_order(Event &e, int64_t ms);
	Said say_all(const Content &c, const Known &k);
	Said say_some(const Content &c);
	bool make_bad(Record &r, const Known &k);

	const Setup &setup;
	Rng &rng;
	std::vector<std::vector<TopicPart>> parts;
	std::map<std::string, Known> known; /* by `TOPIC/PARTITION` */
	int ids = 0;
};

/* The event as JSON, with times and spelling as chance will have it. */
std::string render_event(const Event &e, Rng &rng);
/* A JSON string. */
std::string render_text(const std::string &s);

} // namespace sim

#endif
