/*
 * ctl_words.h - a line of the control protocol as words.
 *
 * White space parts words. Double quotes keep it in a word; in them, \" and \\
 * stand for a quote and a backslash. Anything else is taken as it is.
 *
 * Layer: sys, but pure: bytes in, words out. Shared by daemons and nemoctl.
 */
#pragma once

#include <stddef.h>

/*
 * Cut line into words, in place. Returns how many, -E2BIG for more than max, or
 * -EINVAL for a quote that is not closed.
 */
int ctl_words_split(char *line, const char **ret_words, int max);

/*
 * Write words as a line that splits into the same words, without a newline.
 * Returns its length, -EMSGSIZE if it does not fit len octets with its NUL, or
 * -EINVAL if a word has a newline in it.
 */
int ctl_words_join(int n, const char *const *words, char *ret_line, size_t len);
