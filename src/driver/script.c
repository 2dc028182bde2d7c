#include "script.h"

const char script_get_body[] = "x=\n"
			       "{ read -r x <\"$1\"; } 2>/dev/null\n"
			       "[ -n \"$x\" ] || x=-\n";
