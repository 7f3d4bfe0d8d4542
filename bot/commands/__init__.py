"""The commands of `python -m bot`, one file each; a command's file is imported when it is asked for and not before."""
