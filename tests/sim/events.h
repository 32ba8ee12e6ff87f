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

struct Content {
	std::optional<int> score;				/* none: answered without one */
	std::string kind, location, channel, team, owner, plan; /* empty: not said */
	std::vector<std::string> themes;			/* no two alike */
	std::string comment;
};

struct Event {
	std::string fate,
	    reason; /* of one that is wrong or ignored whatever came before; empty: one that is judged */
	bool before_future = false; /* the reason is asked before `future` is */
	std::string id;
	int64_t revision = 0; /* 0: none */
	std::optional<int64_t> updated_ms;
	std::string time_field; /* where its own time is told; empty: updated_at, else the record's time */
	int64_t event_ms = 0;	/* its own time, fall-backs applied */
	bool undated = false;
	Content content;
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
	struct Known {
		Event event; /* as last sent */
		std::string value;
	};
	Event draw(const std::string &where, int64_t ms);
	Content draw_content();
	void draw_edit(Event &e, const Event &before, int64_t ms);
	bool make_bad(Record &r);

	const Setup &setup;
	Rng &rng;
	std::vector<std::vector<TopicPart>> parts;
	std::map<std::string, std::vector<Known>> known; /* by `TOPIC/PARTITION` */
	int ids = 0;
};

/* The event as JSON, with times and spelling as chance will have it. */
std::string render_event(const Event &e, Rng &rng);

} // namespace sim

#endif
