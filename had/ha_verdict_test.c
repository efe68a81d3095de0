/*
 * ha_verdict_test.c - every answer a Binding Update can get, one row each.
 *
 * A row is a conversation: what was there before, the message, the answer. After
 * each refusal and each silence the bindings and the kernel are compared with what
 * they were, octet by octet.
 */
#include "had/ha_test.h"

struct row {
	const char *name;		 /* requirements, then a sentence */
	void (*change)(struct world *w); /* of the configuration, before all else */
	struct bu before[4];		 /* must all be accepted */
	int64_t wait_ms;		 /* between before and bu */
	struct bu bu;
	const char *answer;
};

/* ---- changes of the configuration ---- */

static void
no_home_agent(struct world *w)
{
	w->policy.home_agent = false;
}

static void
no_routers(struct world *w)
{
	w->policy.mobile_routers = false;
}

static void
takeover(struct world *w)
{
	w->policy.takeover = true;
}

static void
nested(struct world *w)
{
	w->policy.nested = true;
}

static void
room_for_one(struct world *w)
{
	w->policy.bindings_max = 1;
}

static void
advice(struct world *w)
{
	w->policy.refresh_ms = 62000;
}

static void
short_lifetimes(struct world *w)
{
	w->policy.lifetime_max_ms = 30000;
}

static void
says_146(struct world *w)
{
	w->auth = MH_AUTH_FAIL;
}

static void
says_nothing(struct world *w)
{
	w->auth = -EACCES;
}

#define REG(h, s)                                                   \
	{                                                           \
		.hoa = h, .seq = s, .flags = AHR, .lifetime_s = 120 \
	}
#define REG_P(h, s, ...)                                                                       \
	{                                                                                      \
		.hoa = h, .seq = s, .flags = AHR, .lifetime_s = 120, .prefix = { __VA_ARGS__ } \
	}
#define DEREG(h, s)                              \
	{                                        \
		.hoa = h, .seq = s, .flags = AHR \
	}

/* clang-format off */
static const struct row rows[] = {
	/* ---- accepted ---- */
	{ "N-02 M-19 M-22 N-25 implicit_mode_is_accepted_with_R",
	  .bu = REG(WEB1, 7), .answer = "0 seq=7 life=120 R" },
	{ "N-02 N-13 explicit_mode_with_two_prefixes_is_accepted",
	  .bu = REG_P(WEB1, 7, WEB1_A, WEB1_B), .answer = "0 seq=7 life=120 R" },
	{ "N-11 a_range_lets_a_home_address_bring_its_own_prefix",
	  .bu = REG_P(LAB1, 1, LAB1_A), .answer = "0 seq=1 life=120 R" },
	{ "N-11 a_range_gives_a_single_address_too",
	  .bu = REG_P(LAB1, 1, "2001:db8:300:1234::7/128"), .answer = "0 seq=1 life=120 R" },
	{ "N-06 without_R_the_prefixes_are_not_looked_at",
	  .bu = { .hoa = WEB1, .seq = 7, .flags = AH, .lifetime_s = 120, .prefix = { WEB2_A } },
	  .answer = "0 seq=7 life=120" },
	{ "N-25 a_mobile_node_without_prefixes_is_served_without_R",
	  .bu = { .hoa = PLAIN, .seq = 7, .flags = AH, .lifetime_s = 120 },
	  .answer = "0 seq=7 life=120" },
	{ "M-20 without_A_there_is_an_answer_all_the_same",
	  .bu = { .hoa = WEB1, .seq = 7, .flags = MH_BU_H | MH_BU_R, .lifetime_s = 120 },
	  .answer = "0 seq=7 life=120 R" },
	{ "M-25 K_is_never_granted",
	  .bu = { .hoa = WEB1, .seq = 7, .flags = AHR | MH_BU_K, .lifetime_s = 120 },
	  .answer = "0 seq=7 life=120 R" },
	{ "M-05 unknown_options_and_flags_are_skipped",
	  .bu = { .hoa = WEB1, .seq = 7, .flags = AHR | 0x000f, .lifetime_s = 120,
		  .prefix = { WEB1_A }, .unknown_option = true },
	  .answer = "0 seq=7 life=120 R" },
	{ "M-13 the_alternate_careof_address_counts",
	  .bu = { .hoa = WEB1, .altcoa = HOST_B, .seq = 7, .flags = AHR, .lifetime_s = 120 },
	  .answer = "0 seq=7 life=120 R" },
	{ "H-02 N-12 a_home_address_inside_of_its_own_prefix_is_served",
	  .bu = REG_P(WEB1, 7, WEB1_A), .answer = "0 seq=7 life=120 R" },

	/* ---- lifetimes ---- */
	{ "M-19 the_longest_lifetime_is_cut_to_the_configured_one",
	  .bu = { .hoa = WEB1, .seq = 1, .flags = AHR, .lifetime_s = MH_LIFETIME_MAX },
	  .answer = "0 seq=1 life=240 R" },
	{ "M-19 what_is_granted_is_a_multiple_of_four",
	  .change = short_lifetimes, .bu = REG(WEB1, 1), .answer = "0 seq=1 life=28 R" },
	{ "M-19 the_shortest_lifetime_is_granted",
	  .bu = { .hoa = WEB1, .seq = 1, .flags = AHR, .lifetime_s = 4 },
	  .answer = "0 seq=1 life=4 R" },
	{ "M-23 refresh_advice_is_given_when_configured",
	  .change = advice, .bu = REG(WEB1, 1), .answer = "0 seq=1 life=120 refresh=60 R" },
	{ "M-23 refresh_advice_not_below_the_lifetime_is_left_out",
	  .change = advice, .bu = { .hoa = WEB1, .seq = 1, .flags = AHR, .lifetime_s = 60 },
	  .answer = "0 seq=1 life=60 R" },

	/* ---- silence ---- */
	{ "M-07 a_multicast_home_address_is_discarded",
	  .bu = REG("ff02::1", 1), .answer = "silence" },
	{ "M-07 an_unspecified_home_address_is_discarded",
	  .bu = REG("::", 1), .answer = "silence" },
	{ "M-07 a_linklocal_home_address_is_discarded",
	  .bu = REG("fe80::1", 1), .answer = "silence" },
	{ "M-12 without_the_option_the_source_must_be_routable_too",
	  .bu = { .from = "fe80::1", .altcoa = HOST_A, .seq = 1, .flags = AHR, .lifetime_s = 120 },
	  .answer = "silence" },
	{ "M-24 a_source_that_is_not_unicast_is_not_answered",
	  .bu = { .from = "ff02::1", .hoa = WEB1, .altcoa = HOST_A, .seq = 1, .flags = AHR,
		  .lifetime_s = 120 },
	  .answer = "silence" },
	{ "M-13 a_multicast_careof_address_is_discarded",
	  .bu = { .hoa = WEB1, .altcoa = "ff02::1", .seq = 1, .flags = AHR, .lifetime_s = 120 },
	  .answer = "silence" },
	{ "M-13 an_unspecified_careof_address_is_discarded_even_to_deregister",
	  .before = { REG(WEB1, 1) },
	  .bu = { .hoa = WEB1, .altcoa = "::", .seq = 2, .flags = AHR },
	  .answer = "silence" },
	{ "M-11 H_with_nonce_indices_is_discarded",
	  .bu = { .hoa = WEB1, .seq = 1, .flags = AHR, .lifetime_s = 120, .nonce = true },
	  .answer = "silence" },
	{ "M-12 a_correspondent_registration_is_discarded",
	  .bu = { .hoa = WEB1, .seq = 1, .flags = MH_BU_A, .lifetime_s = 120, .nonce = true },
	  .answer = "silence" },

	/* ---- sequence numbers ---- */
	{ "M-09 any_sequence_is_taken_without_a_binding",
	  .bu = REG(WEB1, 65535), .answer = "0 seq=65535 life=120 R" },
	{ "M-10 M-22 the_same_sequence_is_refused_with_the_last_accepted",
	  .before = { REG(WEB1, 100) }, .bu = REG(WEB1, 100), .answer = "135 seq=100" },
	{ "M-10 an_older_sequence_is_refused_with_the_last_accepted",
	  .before = { REG(WEB1, 100) }, .bu = REG(WEB1, 99), .answer = "135 seq=100" },
	{ "M-09 32767_ahead_is_newer",
	  .before = { REG(WEB1, 15) }, .bu = REG(WEB1, 32782), .answer = "0 seq=32782 life=120 R" },
	{ "M-09 32768_ahead_is_older",
	  .before = { REG(WEB1, 15) }, .bu = REG(WEB1, 32783), .answer = "135 seq=15" },
	{ "M-09 0_is_newer_than_65535",
	  .before = { REG(WEB1, 65535) }, .bu = REG(WEB1, 0), .answer = "0 seq=0 life=120 R" },
	{ "M-10 an_old_deregistration_is_refused_too",
	  .before = { REG(WEB1, 100) }, .bu = DEREG(WEB1, 100), .answer = "135 seq=100" },
	{ "M-09 after_expiry_any_sequence_is_taken",
	  .before = { REG(WEB1, 100) }, .wait_ms = 120000, .bu = REG(WEB1, 5),
	  .answer = "0 seq=5 life=120 R" },
	{ "M-27 an_old_update_right_after_deregistration_is_refused",
	  .before = { REG(WEB1, 100), DEREG(WEB1, 101) }, .wait_ms = 9999, .bu = REG(WEB1, 100),
	  .answer = "135 seq=101" },
	{ "M-27 a_newer_update_right_after_deregistration_is_accepted",
	  .before = { REG(WEB1, 100), DEREG(WEB1, 101) }, .wait_ms = 1, .bu = REG(WEB1, 102),
	  .answer = "0 seq=102 life=120 R" },
	{ "M-27 any_sequence_is_taken_ten_seconds_after_deregistration",
	  .before = { REG(WEB1, 100), DEREG(WEB1, 101) }, .wait_ms = 10000, .bu = REG(WEB1, 7),
	  .answer = "0 seq=7 life=120 R" },

	/* ---- flags that must not change ---- */
	{ "M-11 H_taken_back_is_refused_with_139",
	  .before = { REG(PLAIN, 1), },
	  .change = NULL,
	  .bu = { .hoa = PLAIN, .seq = 2, .flags = MH_BU_A, .lifetime_s = 120 },
	  .answer = "139 seq=2" },
	{ "N-09 R_taken_back_is_refused_with_139",
	  .before = { REG(WEB1, 1) },
	  .bu = { .hoa = WEB1, .seq = 2, .flags = AH, .lifetime_s = 120 }, .answer = "139 seq=2" },
	{ "N-09 R_added_is_refused_with_139",
	  .before = { { .hoa = WEB1, .seq = 1, .flags = AH, .lifetime_s = 120 } },
	  .bu = REG(WEB1, 2), .answer = "139 seq=2" },
	{ "N-09 R_does_not_matter_when_deregistering",
	  .before = { REG(WEB1, 1) },
	  .bu = { .hoa = WEB1, .seq = 2, .flags = AH }, .answer = "0 seq=2 life=0" },
	{ "N-09 R_may_change_once_deregistered",
	  .before = { REG(WEB1, 1), DEREG(WEB1, 2) },
	  .bu = { .hoa = WEB1, .seq = 3, .flags = AH, .lifetime_s = 120 },
	  .answer = "0 seq=3 life=120" },
	{ "N-05 R_without_H_is_refused_with_140",
	  .bu = { .hoa = WEB1, .seq = 1, .flags = MH_BU_A | MH_BU_R, .lifetime_s = 120 },
	  .answer = "140 seq=1" },
	{ "N-26 mobile_routers_are_refused_with_140_when_not_configured",
	  .change = no_routers, .bu = REG(WEB1, 1), .answer = "140 seq=1" },
	{ "N-26 mobile_nodes_are_still_served_then",
	  .change = no_routers,
	  .bu = { .hoa = WEB1, .seq = 1, .flags = AH, .lifetime_s = 120 },
	  .answer = "0 seq=1 life=120" },

	/* ---- whom we serve ---- */
	{ "M-14 no_home_agent_answers_131",
	  .change = no_home_agent, .bu = REG(WEB1, 1), .answer = "131 seq=1" },
	{ "M-14 N-12 a_foreign_home_address_is_refused_with_132",
	  .bu = REG(STRANGER, 1), .answer = "132 seq=1" },
	{ "N-12 another_address_of_a_guests_prefix_is_foreign",
	  .bu = REG("2001:db8:200:1::99", 1), .answer = "132 seq=1" },
	{ "M-14 a_foreign_home_address_cannot_deregister_either",
	  .bu = DEREG(STRANGER, 1), .answer = "132 seq=1" },
	{ "M-15 registering_without_the_home_address_option_is_refused",
	  .bu = { .from = WEB1, .seq = 1, .flags = AHR, .lifetime_s = 148 }, .answer = "128 seq=1" },
	{ "M-15 so_is_it_with_an_alternate_careof_address",
	  .bu = { .from = WEB1, .altcoa = HOST_A, .seq = 1, .flags = AHR, .lifetime_s = 148 },
	  .answer = "128 seq=1" },

	/* ---- de-registration ---- */
	{ "N-19 M-26 lifetime_0_deregisters",
	  .before = { REG(WEB1, 1) }, .bu = DEREG(WEB1, 2), .answer = "0 seq=2 life=0" },
	{ "N-19 a_careof_address_that_is_the_home_address_deregisters",
	  .before = { REG(WEB1, 1) },
	  .bu = { .hoa = WEB1, .altcoa = WEB1, .seq = 2, .flags = AHR, .lifetime_s = 120 },
	  .answer = "0 seq=2 life=0" },
	{ "M-15 deregistration_at_home_needs_no_option",
	  .before = { REG(WEB1, 1) },
	  .bu = { .from = WEB1, .seq = 2, .flags = AHR }, .answer = "0 seq=2 life=0" },
	{ "M-26 without_a_binding_deregistration_is_refused_with_133",
	  .bu = DEREG(WEB1, 1), .answer = "133 seq=1" },
	{ "M-26 so_is_a_second_one_after_the_grace",
	  .before = { REG(WEB1, 1), DEREG(WEB1, 2) }, .wait_ms = 10001, .bu = DEREG(WEB1, 3),
	  .answer = "133 seq=3" },
	{ "M-26 a_second_one_within_it_is_answered_as_the_first_was",
	  .before = { REG(WEB1, 1), DEREG(WEB1, 2) }, .wait_ms = 1000, .bu = DEREG(WEB1, 3),
	  .answer = "0 seq=3 life=0" },
	{ "N-21 prefixes_in_a_deregistration_are_ignored",
	  .before = { REG_P(WEB1, 1, WEB1_A, WEB1_B) },
	  .bu = { .hoa = WEB1, .seq = 2, .flags = AHR, .prefix = { WEB2_A, "ff00::/8" } },
	  .answer = "0 seq=2 life=0" },
	{ "M-23 deregistration_carries_no_refresh_advice",
	  .change = advice, .before = { REG(WEB1, 1) }, .bu = DEREG(WEB1, 2),
	  .answer = "0 seq=2 life=0" },
	{ "X-02 deregistration_from_the_old_host_is_refused_with_133",
	  .before = { REG(WEB1, 1), { .from = HOST_B, .hoa = WEB1, .seq = 2, .flags = AHR,
				      .lifetime_s = 120 } },
	  .bu = { .from = HOST_A, .hoa = WEB1, .seq = 9, .flags = AHR }, .answer = "133 seq=9" },
	{ "X-02 so_is_it_in_the_form_where_careof_is_home",
	  .before = { REG(WEB1, 1), { .from = HOST_B, .hoa = WEB1, .seq = 2, .flags = AHR,
				      .lifetime_s = 120 } },
	  .bu = { .from = HOST_A, .hoa = WEB1, .altcoa = WEB1, .seq = 9, .flags = AHR },
	  .answer = "133 seq=9" },

	/* ---- prefixes: form, 141 ---- */
	{ "N-14 a_prefix_longer_than_128_is_refused_with_141",
	  .bu = REG_P(LAB1, 1, LAB1_A, "2001:db8:300:1::/129"), .answer = "141 seq=1" },
	{ "N-14 a_prefix_of_length_0_is_refused_with_141",
	  .bu = REG_P(LAB1, 1, "::/0"), .answer = "141 seq=1" },
	{ "N-14 a_prefix_with_host_bits_is_refused_with_141",
	  .bu = REG_P(LAB1, 1, "2001:db8:300:1::1/64"), .answer = "141 seq=1" },
	{ "N-14 a_multicast_prefix_is_refused_with_141",
	  .bu = REG_P(LAB1, 1, "ff0e::/64"), .answer = "141 seq=1" },
	{ "N-14 a_linklocal_prefix_is_refused_with_141",
	  .bu = REG_P(LAB1, 1, "fe80::/64"), .answer = "141 seq=1" },
	{ "N-14 prefixes_of_one_message_that_overlap_are_refused_with_141",
	  .bu = REG_P(LAB1, 1, LAB1_A, "2001:db8:300:101::/64"), .answer = "141 seq=1" },
	{ "N-14 a_prefix_with_our_own_address_in_it_is_refused_with_141",
	  .bu = REG_P(LAB1, 1, "2001:db8:100::/64"), .answer = "141 seq=1" },
	{ "N-14 a_prefix_within_somebody_elses_is_refused_with_141",
	  .before = { REG_P(LAB1, 1, LAB1_A) }, .bu = REG_P(LAB2, 1, "2001:db8:300:101::/64"),
	  .answer = "141 seq=1" },
	{ "N-14 a_prefix_around_somebody_elses_is_refused_with_141",
	  .before = { REG_P(LAB2, 1, LAB2_A) }, .bu = REG_P(LAB1, 1, "2001:db8:300:200::/56"),
	  .answer = "141 seq=1" },
	{ "N-14 form_is_looked_at_before_authorization",
	  .bu = REG_P(WEB1, 1, WEB2_A, "ff00::/8"), .answer = "141 seq=1" },
	{ "N-14 nesting_is_allowed_when_configured",
	  .change = nested, .before = { REG_P(LAB1, 1, LAB1_A) },
	  .bu = REG_P(LAB2, 1, "2001:db8:300:101::/64"), .answer = "0 seq=1 life=120 R" },
	{ "N-14 a_refresh_does_not_overlap_itself",
	  .before = { REG_P(LAB1, 1, LAB1_A) }, .bu = REG_P(LAB1, 2, "2001:db8:300:101::/64"),
	  .answer = "0 seq=2 life=120 R" },

	/* ---- prefixes: authorization, 142 and 143 ---- */
	{ "N-11 N-15 another_guests_prefix_is_refused_with_142",
	  .bu = REG_P(WEB1, 1, WEB2_A), .answer = "142 seq=1" },
	{ "N-11 N-15 one_good_and_one_bad_prefix_are_refused_together",
	  .bu = REG_P(WEB1, 1, WEB1_A, WEB2_A), .answer = "142 seq=1" },
	{ "N-11 a_guest_of_the_table_has_nothing_from_a_range",
	  .bu = REG_P(WEB1, 1, LAB1_A), .answer = "142 seq=1" },
	{ "N-11 part_of_a_guests_own_prefix_is_not_its_prefix",
	  .bu = REG_P(WEB1, 1, "2001:db8:200:1:8000::/65"), .answer = "142 seq=1" },
	{ "N-11 a_range_does_not_reach_beyond_itself",
	  .bu = REG_P(LAB1, 1, "2001:db8:301::/64"), .answer = "142 seq=1" },
	{ "N-11 a_range_has_a_shortest_length",
	  .bu = REG_P(LAB1, 1, "2001:db8:300:200::/55"), .answer = "142 seq=1" },
	{ "X-07 a_prefix_that_another_home_address_has_is_refused_with_142",
	  .before = { REG_P(LAB1, 1, LAB2_A) }, .bu = REG_P(LAB2, 1, LAB2_A),
	  .answer = "142 seq=1" },
	{ "X-07 H-05 takeover_gives_it_to_the_newer_one_when_configured",
	  .change = takeover, .before = { REG_P(LAB1, 1, LAB2_A) }, .bu = REG_P(LAB2, 1, LAB2_A),
	  .answer = "0 seq=1 life=120 R" },
	{ "X-07 takeover_never_takes_a_home_address",
	  .change = takeover,
	  .before = { { .hoa = LAB1, .seq = 1, .flags = AH, .lifetime_s = 120 } },
	  .bu = REG_P(LAB2, 1, LAB1 "/128"), .answer = "142 seq=1" },
	{ "X-07 an_expired_binding_holds_no_prefix",
	  .before = { REG_P(LAB1, 1, LAB2_A) }, .wait_ms = 120000, .bu = REG_P(LAB2, 1, LAB2_A),
	  .answer = "0 seq=1 life=120 R" },
	{ "X-07 a_deregistered_binding_holds_no_prefix",
	  .before = { REG_P(LAB1, 1, LAB2_A), DEREG(LAB1, 2) }, .bu = REG_P(LAB2, 1, LAB2_A),
	  .answer = "0 seq=1 life=120 R" },
	{ "N-16 implicit_mode_without_anything_configured_is_refused_with_143",
	  .bu = REG(LAB1, 1), .answer = "143 seq=1" },
	{ "N-16 so_is_it_for_any_home_address_of_a_range",
	  .bu = { .hoa = "2001:db8:300:9::9", .seq = 1, .flags = AHR, .lifetime_s = 120 },
	  .answer = "143 seq=1" },
	{ "X-07 a_home_address_in_somebody_elses_prefix_is_prohibited",
	  .before = { REG_P(LAB1, 1, LAB1_A) },
	  .bu = { .hoa = "2001:db8:300:101::9", .seq = 1, .flags = AH, .lifetime_s = 120 },
	  .answer = "129 seq=1" },

	/* ---- care-of addresses that make no tunnel, 174 ---- */
	{ "T-04 our_own_address_as_careof_address_is_refused_with_174",
	  .bu = { .hoa = WEB1, .altcoa = HA, .seq = 1, .flags = AHR, .lifetime_s = 120 },
	  .answer = "174 seq=1" },
	{ "T-04 a_careof_address_inside_of_the_prefixes_is_refused_with_174",
	  .bu = { .hoa = WEB1, .altcoa = "2001:db8:200:a::5", .seq = 1, .flags = AHR,
		  .lifetime_s = 120 },
	  .answer = "174 seq=1" },
	{ "T-04 two_bindings_inside_of_each_other_are_refused_with_174",
	  .before = { { .hoa = WEB1, .altcoa = "2001:db8:200:2::5", .seq = 1, .flags = AHR,
			.lifetime_s = 120 } },
	  .bu = { .hoa = WEB2, .altcoa = "2001:db8:200:1::5", .seq = 1, .flags = AHR,
		  .lifetime_s = 120 },
	  .answer = "174 seq=1" },
	{ "T-04 one_inside_of_another_is_a_nested_network_and_accepted",
	  .before = { REG(WEB2, 1) },
	  .bu = { .hoa = WEB1, .altcoa = "2001:db8:200:2::5", .seq = 1, .flags = AHR,
		  .lifetime_s = 120 },
	  .answer = "0 seq=1 life=120 R" },

	/* ---- limits ---- */
	{ "M-16 a_full_cache_refuses_the_newcomer_with_130",
	  .change = room_for_one, .before = { REG(WEB1, 1) }, .bu = REG(WEB2, 1),
	  .answer = "130 seq=1" },
	{ "M-16 a_full_cache_still_takes_refreshes",
	  .change = room_for_one, .before = { REG(WEB1, 1) }, .bu = REG(WEB1, 2),
	  .answer = "0 seq=2 life=120 R" },

	/* ---- the hook ---- */
	{ "N-47 what_fails_authentication_may_be_refused_with_its_status",
	  .change = says_146, .bu = REG(WEB1, 1), .answer = "146 seq=1" },
	{ "N-47 what_fails_authentication_may_be_discarded",
	  .change = says_nothing, .bu = REG(WEB1, 1), .answer = "silence" },
	{ "N-47 M-24 a_bad_source_is_not_answered_by_the_hook_either",
	  .change = says_146,
	  .bu = { .from = "ff02::1", .hoa = WEB1, .altcoa = HOST_A, .seq = 1, .flags = AHR,
		  .lifetime_s = 120 },
	  .answer = "silence" },
};
/* clang-format on */

/* What a binding is, without the pointers that hold it. */
static void
picture(const struct ha_bind *b, struct ha_bind *ret_picture)
{
	memset(ret_picture, 0, sizeof(*ret_picture));
	if (!b)
		return;
	memcpy(ret_picture, b, offsetof(struct ha_bind, plan));
	ret_picture->due = b->due;
}

static void
same_plans(const struct plan *a, const struct plan *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++)
		assert_true(kobj_equal(&a->v[i], &b->v[i]));
}

static void
copy_plan(struct plan *to, const struct plan *from)
{
	for (size_t i = 0; i < from->n; i++)
		plan_add(to, &from->v[i]);
}

static void
a_row_gets_its_answer(void **state)
{
	const struct row *row = *state;
	void *made = NULL;
	struct world *w;
	struct ha_bind was, is;
	struct plan kernel = { 0 }, plan = { 0 };
	const char *hoa = row->bu.hoa ? row->bu.hoa : row->bu.from;
	bool refused = row->answer[0] != '0';

	setup(&made);
	w = made;
	if (row->change)
		row->change(w);
	for (size_t i = 0; i < countof(row->before) && row->before[i].flags; i++) {
		struct bu before = row->before[i];

		/* A guest without prefixes cannot be a router: see REG(PLAIN). */
		if (before.hoa && strcmp(before.hoa, PLAIN) == 0)
			before.flags = AH;
		receive(w, &before);
		assert_int_equal(w->answer[0], '0');
	}
	w->t.now.ms += row->wait_ms;
	ha_tick(w->ha, w->t);
	world_quiet(w);
	picture(binding(w, hoa), &was);
	copy_plan(&kernel, &w->kernel);
	if (binding(w, hoa))
		copy_plan(&plan, &binding(w, hoa)->plan);

	assert_string_equal(receive(w, &row->bu), row->answer);
	if (refused) {
		picture(binding(w, hoa), &is);
		assert_memory_equal(&was, &is, sizeof(was));
		assert_int_equal(w->n_lines, 0);
		same_plans(&w->kernel, &kernel);
		if (binding(w, hoa))
			same_plans(&binding(w, hoa)->plan, &plan);
	}
	plan_done(&kernel);
	plan_done(&plan);
	teardown(&made);
}

int
main(void)
{
	struct CMUnitTest tests[countof(rows)];

	memset(tests, 0, sizeof(tests));
	for (size_t i = 0; i < countof(rows); i++) {
		union {
			const struct row *row;
			void *state;
		} u = { .row = &rows[i] };

		tests[i].name = rows[i].name;
		tests[i].test_func = a_row_gets_its_answer;
		tests[i].initial_state = u.state;
	}
	return cmocka_run_group_tests_name("ha_verdict", tests, NULL, NULL);
}
