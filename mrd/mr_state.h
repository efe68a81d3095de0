/*
 * mr_state.h - the run-time file's text: which guests are here, and what the
 * host's settings were before we changed them.
 *
 * A line of words each, in the words of the control protocol:
 *
 *	guest running "web1" index 0 origin control sequence 4711 at 1700000000
 *	    care-of-address 2001:db8:2::10 home-agent 2001:db8::1 mode explicit
 *	    good-until 9120 granted 120
 *	    home-address 2001:db8:200:1::1 prefix 2001:db8:200:1::/64 interface brvm
 *	was "sysctl net/ipv6/conf/all/forwarding" "0"
 *
 * (the first is one line). Lines beginning with # are comments.
 *
 * Layer: core. Text only; mrd_state.c reads and writes the file.
 */
#pragma once

#include "mrd/mr_guest.h"

/* Text that grows. Zero-initialise. */
struct mr_text {
	char *s; /* owned; NUL-terminated once something was put */
	size_t n, cap;
	bool bad; /* sticky: memory ran out */
};

void mr_text_done(struct mr_text *t);

void mr_state_put_head(struct mr_text *t);
void mr_state_put_guest(struct mr_text *t, const struct mr_guest *g);
void mr_state_put_was(struct mr_text *t, const char *name, const char *value);

struct mr_state_guest {
	enum mr_guest_state state;
	enum mr_origin origin;
	uint32_t index; /* MR_INDEX_ANY if it does not say */
	struct mr_seq seq;
	struct mr_reg_known known;
	struct mr_guest_conf conf;
};

struct mr_state_line {
	enum mr_state_kind { MR_STATE_NOTHING, MR_STATE_GUEST, MR_STATE_WAS } kind;
	struct mr_state_guest guest;
	struct mr_setting was; /* name and value */
};

/* Decode one line, without its newline. 0, or -EBADMSG with *ret_line unspecified. */
int mr_state_get(const char *line, size_t n, struct mr_state_line *ret_line);
