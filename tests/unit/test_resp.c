/* Error replies of servers, as Redis 6.2.16 and 7.0.15 send them, and what they mean for a connection. */
#include <criterion/criterion.h>

#include "redis/resp.h"

#define IN_6_2                                                                                               \
	"ERR Error running script (call to f_82cdd3d7ab6b96f9a5947917c9f163ca06cc907a): @user_script:1: "    \
	"@user_script: 1: "
#define PCALL_6_2 "@user_script: 1: "
#define IN_7 " script: 82cdd3d7ab6b96f9a5947917c9f163ca06cc907a, on @user_script:1."
#define READONLY "READONLY You can't write against a read only replica."
#define OOM "OOM command not allowed when used memory > 'maxmemory'."
#define NOREPLICAS "NOREPLICAS Not enough good replicas to write."
#define MISCONF                                                                                              \
	"MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on "     \
	"disk. Commands that may modify the data set are disabled"
#define LOADING "LOADING Redis is loading the dataset in memory"
#define MASTERDOWN "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."
#define WRONGTYPE "WRONGTYPE Operation against a key holding the wrong kind of value"

Test(resp, what_an_error_means)
{
	static const struct {
		const char *text;
		enum npsd_outcome expect;
		bool elsewhere, with_sentinels; /* npsd_resp_elsewhere() */
	} rows[] = {
	    {READONLY, NPSD_CANT_NOW, true, true},
	    {READONLY IN_7, NPSD_CANT_NOW, true, true},
	    {IN_6_2 "-" READONLY, NPSD_CANT_NOW, true, true},
	    {PCALL_6_2 "-" READONLY, NPSD_CANT_NOW, true, true},
	    {LOADING, NPSD_CANT_NOW, true, true},
	    {IN_6_2 "-" LOADING, NPSD_CANT_NOW, true, true},
	    {MASTERDOWN, NPSD_CANT_NOW, true, true},
	    {IN_6_2 "-" MASTERDOWN, NPSD_CANT_NOW, true, true},
	    {OOM, NPSD_CANT_NOW, false, false},
	    {OOM IN_7, NPSD_CANT_NOW, false, false},
	    {IN_6_2 "-" OOM, NPSD_CANT_NOW, false, false},
	    {PCALL_6_2 "-" OOM, NPSD_CANT_NOW, false, false},
	    {"ERR Error running script (call to f_5): @user_script:123: @user_script: 123: -" OOM,
		NPSD_CANT_NOW, false, false},
	    {NOREPLICAS, NPSD_CANT_NOW, false, true},
	    {NOREPLICAS IN_7, NPSD_CANT_NOW, false, true},
	    {IN_6_2 "-" NOREPLICAS, NPSD_CANT_NOW, false, true},
	    {MISCONF, NPSD_CANT_NOW, false, false},
	    {IN_6_2 "-" MISCONF, NPSD_CANT_NOW, false, false},
	    {"BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
		NPSD_CANT_NOW, false, false},
	    {"TRYAGAIN Multiple keys request during rehashing of slot", NPSD_CANT_NOW, false, false},
	    {"CLUSTERDOWN Hash slot not served", NPSD_CANT_NOW, false, false},
	    {IN_6_2 "-CLUSTERDOWN The cluster is down", NPSD_CANT_NOW, false, false},
	    {"ERR max number of clients reached", NPSD_CANT_NOW, false, false},
	    {IN_6_2 WRONGTYPE, NPSD_BROKEN, false, false},
	    {WRONGTYPE IN_7, NPSD_BROKEN, false, false},
	    {"ERR Error running script (call to f_5): @user_script:9: a script: OOM in a text", NPSD_BROKEN,
		false, false},
	    {"ERR Error running script (call to f_5): @user_script:9: ROOM for more", NPSD_BROKEN, false,
		false},
	    {"ERR the script @user_script:", NPSD_BROKEN, false, false},
	    {"@user_script:", NPSD_BROKEN, false, false},
	    {"OOMPH", NPSD_BROKEN, false, false},
	    {"NOAUTH Authentication required.", NPSD_BROKEN, false, false},
	    {"NOSCRIPT No matching script. Please use EVAL.", NPSD_BROKEN, false, false},
	    {"ERR unknown command: OOM", NPSD_BROKEN, false, false},
	    {"", NPSD_BROKEN, false, false},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		cr_expect_eq(npsd_resp_error(rows[i].text), rows[i].expect, "%s", rows[i].text);
		cr_expect_eq(npsd_resp_elsewhere(rows[i].text, false), rows[i].elsewhere, "%s", rows[i].text);
		cr_expect_eq(
		    npsd_resp_elsewhere(rows[i].text, true), rows[i].with_sentinels, "%s", rows[i].text);
	}
}
