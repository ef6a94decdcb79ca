# SPDX-License-Identifier: GPL-2.0-only
#
# Completion for fish: what "pfnsim complete" says.

function __pfnsim_complete
	set -l words (commandline -opc)
	set -l typed (commandline -ct)
	set -l value (string replace -r -- '^--[^=]*=' '' $typed)
	set -l before (string sub -l (math (string length -- $typed) - (string length -- $value)) -- $typed)

	for line in ($words[1] complete $words[2..-1] $typed 2>/dev/null)
		switch $line
		case ':folders'
			string replace -r -- '^' $before (__fish_complete_directories $value '')
		case ':files*'
			string replace -r -- '^' $before (__fish_complete_path $value '')
		case '*'
			echo $line
		end
	end
end

complete -c pfnsim -f -a '(__pfnsim_complete)'
