"""What the grammars of tree-sitter call the units of code. One table serves all: their names hardly ever collide."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# The language as Pygments calls it, where its grammar has another name.
_OTHER_NAMES = {
    "objective-c": "objc", "objective-c++": "objc", "objectivec": "objc", "common-lisp": "commonlisp", "emacs-lisp": "elisp",
    "delphi": "pascal", "docker": "dockerfile", "protobuf": "proto", "systemverilog": "verilog", "postgresql": "sql",
    "mysql": "sql", "plpgsql": "sql", "tsql": "sql", "sqlite3": "sql", "splus": "r", "jsx": "javascript",
    "mjs": "javascript", "typescriptreact": "tsx", "bazel": "starlark", "basemake": "make", "zsh": "bash", "ksh": "bash",
    "nimrod": "nim", "rb": "ruby", "shell": "bash", "ino": "arduino",
}  # fmt: skip

# Those whose units the tables below name, and that were found to read whole files well.
_GRAMMARS = _words(
    "ada apex arduino bash c clojure cmake commonlisp cpp csharp css cuda d dart dockerfile elisp elixir elm erlang fish "
    "fortran fsharp gdscript gleam glsl go graphql hack haskell haxe hcl java javascript julia kotlin lua luau make "
    "matlab nim objc ocaml odin pascal perl php powershell prisma proto puppet purescript python r racket ruby rust "
    "scala scheme scss solidity sql starlark swift tcl terraform thrift tsx typescript verilog vhdl vim wgsl zig"
)

FUNCTIONS = _words(
    "function_definition function_declaration generator_function_declaration function_item function_statement function "
    "method singleton_method method_declaration method_definition constructor_declaration destructor_declaration "
    "compact_constructor_declaration operator_declaration conversion_operator_declaration init_declaration "
    "deinit_declaration subscript_declaration subroutine_declaration_statement method_declaration_statement "
    "secondary_constructor anonymous_initializer macro_definition proc_declaration func_declaration template_declaration "
    "iterator_declaration converter_declaration class_method_definition subroutine subprogram_body procedure declProc "
    "defProc fun_decl function_signature constructor_signature getter_signature setter_signature method_signature "
    "function_def macro_def modifier_definition constructor_definition fallback_receive_definition rpc "
    "procedure_declaration mixin_statement value_declaration create_function create_procedure create_trigger TestDecl "
    "function_body procedure_body macro function_or_value_defn member_defn value_definition constructor destructor FnProto"
)  # fmt: skip
CONTAINERS = _words(
    "class_definition class_declaration abstract_class_declaration class_specifier struct_specifier union_specifier "
    "class module_definition mod_item impl_item trait_item trait_definition trait_declaration object_definition "
    "object_declaration companion_object interface_declaration struct_declaration record_declaration enum_declaration "
    "protocol_declaration extension_declaration mixin_declaration class_interface class_implementation "
    "category_interface category_implementation singleton_class internal_module package_body contract_declaration "
    "library_declaration service service_definition extension_type_declaration instance class_statement enum_definition "
    "enum_item program package_declaration foreign_mod_item annotation_type_declaration"
)  # fmt: skip
# Units without parts.
TYPES = _words(
    "struct_item union_item type_item type_declaration type_definition type_alias_declaration type_alias enum_specifier "
    "delegate_declaration struct_definition abstract_definition enum_statement record_decl data_type newtype "
    "type_synomym message enum extend struct union_definition exception_definition module_binding object_type_definition "
    "interface_type_definition enum_type_definition input_object_type_definition union_type_definition "
    "directive_definition object_type_extension operation_definition fragment_definition schema_definition create_table "
    "create_view create_materialized_view create_type create_index alter_table insert select rule define_directive "
    "rule_set media_statement keyframes_statement from_instruction block model_block enum_block type_block "
    "entity_declaration architecture_body module_declaration table defined_resource_type node_definition VarDecl "
    "declType package_specification type_section class_binding type_binding module macro_rule"
)  # fmt: skip
# Of these, what takes a single line stays with what is around it.
LOOSE = _words(
    "type_item type_alias_declaration type_alias type_declaration type_section VarDecl declType create_index alter_table "
    "insert select rule rule_set block extend delegate_declaration union_type_definition directive_definition macro_rule"
)
# Their children count as if they stood in their place.
TRANSPARENT = _words(
    "namespace_definition namespace_declaration file_scoped_namespace_declaration declaration_list class_body "
    "interface_body body_statement block_node template_body statement_block enum_body enum_body_declarations "
    "enum_class_body protocol_body field_declaration_list statement_list declarations named_module module_def unit "
    "interface implementation internal_procedures preproc_ifdef preproc_if preproc_else preproc_elif "
    "linkage_specification aggregate_body contract_body extension_body member_declarations structure object_expression "
    "do_block document body declTypes class_declarations policy compilation_unit design_unit methods translation_unit "
    "declaration_expression namespace declarative_part non_empty_declarative_part conditional_declaration "
    "type_extension_elements block_mapping anon_type_defn"
)  # fmt: skip
# One step of wrapping around the unit itself.
WRAPPERS = _words(
    "export_statement decorated_definition template_declaration ambient_declaration expression_statement statement "
    "definition type_system_definition type_definition type_system_extension type_extension executable_definition Decl "
    "list_lit implementation_definition declaration_expression module_or_generate_item compilation_unit design_unit "
    "local_declaration"
)  # fmt: skip
# What binds a name to a function: `const f = () => …`, `f <- function() …`, `M.f = function() …`.
BINDINGS = _words(
    "lexical_declaration variable_declaration assignment_statement assignment_expression binary_operator assignment "
    "field_definition public_field_definition property_definition"
)
FUNCTION_VALUES = _words(
    "arrow_function function_expression generator_function function_definition class lambda_literal ContainerDecl"
)
# What stands before a unit and belongs to it, besides comments.
LEADS = _words(
    "attribute_item attribute attribute_list decorator annotation haddock unary_operator spec string_literal description "
    "documentation_comment pragma"
)
# Functions written in several equations, or with their types apart: one unit as long as the name stays the same.
EQUATIONS = frozenset(("haskell", "purescript", "elm", "erlang", "elixir"))
SIGNATURES = frozenset(("signature", "type_annotation"))
# Where the bodies of functions stand apart from their heads.
BODIES_APART = frozenset(("function_body",))
SCRIPTS = frozenset(("javascript", "typescript", "tsx"))
LISPS = frozenset(("clojure", "commonlisp", "elisp", "scheme", "racket"))


def grammar_of(language: str) -> str | None:
    """The grammar that reads a language; None where none is known to read it well."""
    name = _OTHER_NAMES.get(language, language)
    return name if name in _GRAMMARS else None
