"""The words that synthetic prompts are made of: 256, so that a byte names one."""

_TEXT = """
able about above across act add after again age air all alone along also always am among
and animal answer any appear area arm around art ask away baby back bad ball bank base
be bear beat bed before began begin behind best better between big bird black blue boat
body bone book born both bottom box boy bread break bright bring broad brother build
burn busy but buy call came camp can car care carry cat catch cause cell center chair
chance change chart check chief child choose circle city class clean clear climb clock
close cloud coast cold color come common cook cool copy corn cost count country course
cover cow create crop cross cry current cut dance dark day dead deal dear decide deep
degree depend desert did die differ dinner direct do dog dollar door double down draw
dream dress drink drive drop dry duck during each ear early earth ease east eat edge
effect egg eight electric else end enemy energy engine enough enter equal even evening
event ever every exact example except expect eye face fact fair fall family famous far
farm fast fat father favor fear feed feel feet fell few field fight figure fill final
find fine finger finish fire first fish fit five flat floor flow flower fly follow food
foot for force forest form forward found four free fresh friend from front fruit full
fun game garden gas gather gave general gentle get girl give glad glass go gold gone
good got grand grass gray great
"""

WORDS = tuple(_TEXT.split())
