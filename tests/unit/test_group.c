/* The group's states: what is assigned is taken and counted, what is given up is finished, what stops ends.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "help_group.h"

Test(group, what_is_assigned_is_claimed_and_read)
{
	struct group_bed *b = group_bed_new(false, NULL, 0);

	group_bed_settle(b);
	group_bed_assign(b, 0, 2);
	group_bed_settle(b);
	cr_expect_eq(b->g->phase, PHASE_RUNNING);
	cr_expect_eq(b->assigns, 1);
	cr_expect_eq(b->orders[NPSD_ORDER_TAKE], 4, "a worker's and commit's, of two partitions");
	cr_expect_eq(b->orders[NPSD_ORDER_READ], 1);
	cr_expect_str_eq(b->part[1].claim, b->g->take[1]->held);
	group_bed_free(&b);
}

/*
 * Between the end of one assignment and the next the group still holds what it took, in case it comes back. A
 * recovery there must not take it anew: it is nobody's now, and what is read when the next assignment comes
 * cannot be dropped by a worker that was not told to stand still.
 */
Test(group, a_recovery_between_two_assignments_takes_nothing)
{
	struct group_bed *b = group_bed_new(false, NULL, 0);

	group_bed_settle(b);
	group_bed_assign(b, 0, 2);
	group_bed_settle(b);
	group_bed_event(b, NPSD_B_REVOKE);
	group_bed_settle(b);
	cr_expect_eq(b->g->phase, PHASE_IDLE);
	cr_expect_eq(b->unassigns, 1);
	npsd_incident_set(&b->w, NPSD_INCIDENT_CLAIM, "Redis went back");
	group_bed_settle(b);
	cr_expect_eq(b->g->phase, PHASE_IDLE);
	cr_expect_eq(b->assigns, 1);
	group_bed_assign(b, 1, 1);
	group_bed_settle(b);
	cr_expect_eq(b->g->phase, PHASE_RUNNING);
	cr_expect_eq(b->assigns, 2);
	group_bed_free(&b);
}
